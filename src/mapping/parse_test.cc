#include "mapping/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sdp::mapping {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// All required fields; a test adds or replaces.
constexpr std::string_view kWhole = R"(mapping = 1
[event_id]
uuid5 = ["/id"]
[event_type]
constant = "play"
[user_id]
pointer = "/user"
[song_id]
uuid5 = ["/artist", "/song"]
[song_name]
pointer = "/song"
[artist_name]
pointer = "/artist"
[device_type]
pointer = "/device"
table = { phone = "mobile" }
default = "web"
[country]
constant = "DE"
[timestamp]
pointer = "/at"
time = "epoch_s"
)";

Mapping parsed(std::string_view text) {
  auto mapping = parse(text, "m.toml");
  EXPECT_TRUE(mapping) << mapping.error().message;
  return mapping ? *std::move(mapping) : Mapping();
}

std::string refusal(std::string_view text) {
  const auto mapping = parse(text, "m.toml");
  if (mapping) return "taken";
  EXPECT_EQ(mapping.error().kind, ErrorKind::misconfigured);
  return mapping.error().message;
}

/// kWhole with one line replaced.
std::string with(std::string_view line, std::string_view other) {
  std::string text(kWhole);
  const auto at = text.find(line);
  EXPECT_NE(at, std::string::npos) << line;
  return text.replace(at, line.size(), other);
}

std::string plus(std::string_view more) {
  return std::string(kWhole) + std::string(more);
}

TEST(ParseMapping, ReadsAWholeFile) {
  const Mapping mapping = parsed(plus("[duration_ms]\npointer = \"/a~1b/~0c/0\"\nunit = \"s\"\n"));
  ASSERT_EQ(mapping.rules.size(), 10U);
  EXPECT_EQ(mapping.rules[0].from[0].tokens, std::vector<std::string>{"id"});
  EXPECT_TRUE(std::holds_alternative<Uuid5>(mapping.rules[0].how));
  EXPECT_EQ(mapping.rules[1].fallback, Scalar("play"));
  EXPECT_TRUE(mapping.rules[1].from.empty());
  EXPECT_EQ(std::get<Table>(mapping.rules[6].how).values.at("phone"), Scalar("mobile"));
  EXPECT_EQ(mapping.rules[6].fallback, Scalar("web"));
  EXPECT_EQ(std::get<Time>(mapping.rules[8].how).form, TimeForm::epoch_s);
  EXPECT_EQ(mapping.rules[9].from[0].tokens, (std::vector<std::string>{"a/b", "~c", "0"}));
  EXPECT_EQ(to_string(mapping.rules[9].from[0]), "/a~1b/~0c/0");
  EXPECT_EQ(std::get<Duration>(mapping.rules[9].how).unit, Unit::s);
  EXPECT_EQ(pointers_of(mapping).size(), 7U);
}

TEST(ParseMapping, HasTheSameDigestForTheSameMeaning) {
  const std::string digest = mapping::digest(parsed(kWhole));
  EXPECT_EQ(mapping::digest(parsed("# a comment\n" + std::string(kWhole))), digest);
  EXPECT_EQ(mapping::digest(parsed(with("constant = \"DE\"", "constant = 'DE'"))), digest);
  for (const std::string& other :
       {with("constant = \"DE\"", "constant = \"UK\""), with("\"epoch_s\"", "\"epoch_ms\""),
        with("pointer = \"/at\"", "pointer = \"/at/0\""), with("phone = \"mobile\"", "phone = \"desktop\""),
        with("default = \"web\"", ""), with("uuid5 = [\"/id\"]", "uuid5 = [\"/id\"]\nnamespace = \"url\""),
        with("uuid5 = [\"/id\"]", "uuid5 = [\"/id\"]\nseparator = \"\""),
        with("time = \"epoch_s\"", "time = \"epoch_s\"\nminus = \"/played\""),
        plus("[session_id]\npointer = \"/s\"\n"), plus("[session_id]\npointer = \"/s\"\ntext = true\n")}) {
    EXPECT_NE(mapping::digest(parsed(other)), digest) << other;
  }
}

TEST(ParseMapping, NamesFileLineAndField) {
  EXPECT_THAT(refusal(with("time = \"epoch_s\"", "time = \"epoch\"")),
              AllOf(StartsWith("m.toml:22: timestamp: "), HasSubstr("\"epoch\" is none of rfc3339, ")));
  EXPECT_THAT(refusal(plus("[duration_ms]\npointer = \"/d\"\nunit = \"sec\"\n")),
              AllOf(StartsWith("m.toml:25: duration_ms: "), HasSubstr("none of us, ms, s, min")));
  EXPECT_THAT(refusal(with("pointer = \"/user\"", "pointer = \"user\"")),
              StartsWith("m.toml:7: user_id: pointer \"user\" must begin with /"));
  EXPECT_THAT(refusal(with("pointer = \"/user\"", "pointer = \"/us~er\"")), HasSubstr("neither ~0 nor ~1"));
  EXPECT_THAT(refusal(with("[user_id]\npointer = \"/user\"\n", "")),
              AllOf(StartsWith("m.toml:1: user_id: "), HasSubstr("does not say from where")));
  EXPECT_THAT(refusal(plus("[wat]\nconstant = 1\n")),
              StartsWith("m.toml:23: wat: is not a field of an event"));
  EXPECT_THAT(refusal("mapping = 2\n"), StartsWith("m.toml:1: mapping: "));
  EXPECT_THAT(refusal("mapping = 1\n[event_id\n"), StartsWith("m.toml:2: mapping: it is not TOML: "));
  EXPECT_THAT(refusal(plus("[user_id]\n")), HasSubstr("it is not TOML"));
}

TEST(ParseMapping, RefusesWhatItCannotMean) {
  const auto because = [](std::string_view text, std::string_view why) {
    EXPECT_THAT(refusal(text), HasSubstr(why)) << text;
  };
  because(with("constant = \"DE\"", "constant = \"de\""), "must be two letters A-Z");
  because(with("constant = \"play\"", "constant = \"hear\""), "must be one of play, pause");
  because(with("constant = \"play\"", "constant = 1"), "must be a string");
  because(with("phone = \"mobile\"", "phone = \"phone\""), "table's value for \"phone\" must be one of");
  because(with("default = \"web\"", "default = \"tv\""), "default must be one of");
  because(with("table = { phone = \"mobile\" }", "table = {}"), "table must list values");
  because(with("constant = \"DE\"", "constant = \"DE\"\npointer = \"/c\""), "exactly one of");
  because(with("constant = \"DE\"", "constant = \"DE\"\ndefault = \"DE\""), "no other keys");
  because(with("constant = \"DE\"", "value = \"DE\""), "is not a key of a field");
  because(with("uuid5 = [\"/id\"]", "uuid5 = []"), "uuid5 must list pointers");
  because(with("uuid5 = [\"/id\"]", "uuid5 = [1]"), "pointer must be a string");
  because(with("uuid5 = [\"/id\"]", "uuid5 = [\"/id\"]\nnamespace = \"web\""),
          "neither a UUID nor one of dns");
  because(with("pointer = \"/user\"", "pointer = \"/user\"\nnamespace = \"dns\""), "belongs to uuid5");
  because(with("pointer = \"/user\"", "pointer = \"/user\"\nunit = \"s\""), "holds no integer");
  because(with("pointer = \"/user\"", "pointer = \"/user\"\ntime = \"epoch_s\""), "is not a time");
  because(with("pointer = \"/user\"", "pointer = \"/user\"\ntext = true"), "holds no text");
  because(with("pointer = \"/user\"", "pointer = \"/user\"\nminus = \"/m\""), "minus belongs to a time");
  because(with("time = \"epoch_s\"", "table = { a = \"2026-02-15T17:00:00Z\" }"), "a time has no table");
  because(with("time = \"epoch_s\"", "time = \"epoch_s\"\nunit = \"s\""), "more than one of");
  because(with("uuid5 = [\"/id\"]", "constant = \"00112233-4455-4677-8899-aabbccddeeff\""),
          "is the identity");
  because(with("uuid5 = [\"/id\"]", "pointer = \"/id\"\ndefault = \"00112233-4455-4677-8899-aabbccddeeff\""),
          "is the identity");
  because(with("pointer = \"/user\"", "pointer = \"/us\\ner\""), "has a control character");
  because(with("pointer = \"/user\"", "pointer = \"\""), "must begin with /");
  because(plus("[duration_ms]\nconstant = -1\n"), "must be 0 to");
  because(plus("[duration_ms]\nconstant = \"1\"\n"), "must be an integer");
  because("mapping = 1\nuser_id = 5\n" + std::string(kWhole.substr(12)), "");
  std::string deep = "/a";
  for (std::size_t i = 0; i < kTokensMax; ++i) deep += "/a";
  because(with("pointer = \"/user\"", "pointer = \"" + deep + "\""), "levels deep");
  std::string many;
  for (std::size_t i = 0; i <= kPointersMax; ++i)
    many += (i == 0 ? "\"/" : ", \"/") + std::to_string(i) + "\"";
  because(with("uuid5 = [\"/id\"]", "uuid5 = [" + many + "]"), "is the most");
  because(plus("# " + std::string(kFileBytesMax, 'x')), "is the most");
}

}  // namespace
}  // namespace sdp::mapping
