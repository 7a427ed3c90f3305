#include "verify/mapped_event.h"

#include <gtest/gtest.h>

#include <string>

#include "mapping/parse.h"

namespace sdp::verify {
namespace {

/// The members that are asked for; the required ones besides are constants.
mapping::Mapping of(std::string_view rules) {
  std::string text = "mapping = 1\n" + std::string(rules) + "\n";
  for (const auto& [name, rule] : {std::pair{"event_id", "pointer = \"/none\""},
                                   {"event_type", "constant = \"play\""},
                                   {"user_id", "pointer = \"/none\""},
                                   {"song_id", "pointer = \"/none\""},
                                   {"song_name", "pointer = \"/none\""},
                                   {"artist_name", "pointer = \"/none\""},
                                   {"device_type", "pointer = \"/none\""},
                                   {"country", "pointer = \"/none\""},
                                   {"timestamp", "pointer = \"/none\""}}) {
    if (!text.contains(std::string("[") + name + "]")) text += std::string("[") + name + "]\n" + rule + "\n";
  }
  auto mapping = mapping::parse(text, "test");
  EXPECT_TRUE(mapping) << mapping.error().message;
  return mapping ? *std::move(mapping) : mapping::Mapping();
}

std::string mapped(std::string_view rules, std::string_view payload) {
  const mapping::Mapping mapping = of(rules);
  EventMapper mapper(mapping);
  const auto event = mapper.map(payload);
  return event ? std::string(*event) : event.error().message;
}

/// The only member beside the constant.
std::string member(std::string_view rules, std::string_view payload) {
  std::string all = mapped(rules, payload);
  if (!all.starts_with('{')) return all;
  const auto start = all.starts_with("{\"event_type\":\"play\"") ? all.find(',') : 0;
  return start == std::string::npos ? "left out" : all.substr(start + 1, all.size() - start - 2);
}

TEST(EventMapper, FollowsPointers) {
  constexpr std::string_view kRule = "[song_name]\npointer = \"/a/b~1c/1/x\"";
  EXPECT_EQ(member(kRule, R"({"a":{"b/c":[0,{"x":"y"}]}})"), R"("song_name":"y")");
  EXPECT_EQ(member(kRule, R"({"a":{"b/c":{"1":{"x":"y"}}}})"), R"("song_name":"y")");
  EXPECT_EQ(member(kRule, R"({"a":{"b/c":[0]}})"), "left out");
  EXPECT_EQ(member(kRule, R"({"a":{"b/c":[0,{"x":null}]}})"), "left out");
  EXPECT_EQ(member(kRule, R"({"a":{"b/c":[0,{"x":5}]}})"), R"("song_name":{})");
  EXPECT_EQ(member(kRule, R"({"a":{"b/c":[0,{"x":[]}]}})"), R"("song_name":{})");
  EXPECT_EQ(member("[song_name]\npointer = \"/a/01\"", R"({"a":["x","y"]})"), "left out");
  EXPECT_EQ(member("[song_name]\npointer = \"/\"", R"({"":"y"})"), R"("song_name":"y")");
}

TEST(EventMapper, TakesTheFirstOfMembersWithOneName) {
  constexpr std::string_view kRule = "[song_name]\npointer = \"/a/x\"";
  EXPECT_EQ(member(kRule, R"({"a":{"x":"1","x":"2"}})"), R"("song_name":"1")");
  EXPECT_EQ(member(kRule, R"({"a":{"y":"1"},"a":{"x":"2"}})"), "left out");
  EXPECT_EQ(member(kRule, R"({"a":{"x":null},"a":{"x":"2"}})"), "left out");
  EXPECT_EQ(member(kRule, R"([{"a":{"x":"2"}}])"), "not one JSON object");
  EXPECT_EQ(member(kRule, R"({"a":{"x":"2"}} )" + std::string("\0", 1)), "not one JSON object");
}

TEST(EventMapper, ReadsIntegers) {
  constexpr std::string_view kPlain = "[duration_ms]\npointer = \"/d\"";
  EXPECT_EQ(member(kPlain, R"({"d":5.0})"), R"("duration_ms":5)");
  EXPECT_EQ(member(kPlain, R"({"d":5e2})"), R"("duration_ms":500)");
  EXPECT_EQ(member(kPlain, R"({"d":-7})"), R"("duration_ms":-7)");
  EXPECT_EQ(member(kPlain, R"({"d":9007199254740991})"), R"("duration_ms":9007199254740991)");
  for (const std::string_view value : {"5.5", "9007199254740992", "1e999", "-1e999", "\"5\"", "true"})
    EXPECT_EQ(member(kPlain, R"({"d":)" + std::string(value) + "}"), R"("duration_ms":{})") << value;
  const auto unit = [](std::string_view name, std::string_view value) {
    return member("[duration_ms]\npointer = \"/d\"\nunit = \"" + std::string(name) + "\"",
                  R"({"d":)" + std::string(value) + "}");
  };
  EXPECT_EQ(unit("ms", "\"5\""), R"("duration_ms":5)");
  EXPECT_EQ(unit("s", "5"), R"("duration_ms":5000)");
  EXPECT_EQ(unit("min", "5"), R"("duration_ms":300000)");
  EXPECT_EQ(unit("us", "5999"), R"("duration_ms":5)");
  for (const std::string_view value :
       {"-5", "5.5", "\"5.0\"", "\"\"", "\"1234567890123456\"", "9007199254740991"})
    EXPECT_EQ(unit("s", value), R"("duration_ms":{})") << value;
}

TEST(EventMapper, ReadsTimes) {
  const auto time = [](std::string_view rule, std::string_view value, std::string_view minus = "0") {
    return member("[timestamp]\npointer = \"/t\"\n" + std::string(rule),
                  R"({"t":)" + std::string(value) + R"(,"m":)" + std::string(minus) + "}");
  };
  EXPECT_EQ(time("time = \"epoch_s\"", "1771177956"), R"("timestamp":"2026-02-15T17:52:36.000000Z")");
  EXPECT_EQ(time("time = \"epoch_ms\"", "\"1771177956123\""), R"("timestamp":"2026-02-15T17:52:36.123000Z")");
  EXPECT_EQ(time("time = \"epoch_us\"", "1771177956123456"), R"("timestamp":"2026-02-15T17:52:36.123456Z")");
  EXPECT_EQ(time("time = \"minute\"", "\"2026-02-15 17:52\""), R"("timestamp":"2026-02-15T17:52:00Z")");
  EXPECT_EQ(time("time = \"datetime\"", "\"2026-02-15 17:52:36\""), R"("timestamp":"2026-02-15T17:52:36Z")");
  EXPECT_EQ(time("time = \"datetime\"", "\"2026-02-15T17:52:36.5\""),
            R"("timestamp":"2026-02-15T17:52:36.5Z")");
  EXPECT_EQ(time("time = \"datetime\"\nminus = \"/m\"", "\"2026-02-15 17:52:36.123456789\"", "1000"),
            R"("timestamp":"2026-02-15T17:52:35.123456Z")");
  EXPECT_EQ(time("", "\"whatever\""), R"("timestamp":"whatever")");
  EXPECT_EQ(time("time = \"epoch_s\"\nminus = \"/m\"", "1771177956", "1001"),
            R"("timestamp":"2026-02-15T17:52:34.999000Z")");
  EXPECT_EQ(time("minus = \"/m\"", "\"2026-03-01T00:00:00.5Z\"", "1001"),
            R"("timestamp":"2026-02-28T23:59:59.499000Z")");
  EXPECT_EQ(time("time = \"minute\"\nminus = \"/m\"", "\"2026-02-15 17:52\"", "\"1\""),
            R"("timestamp":"2026-02-15T17:51:59.999000Z")");
  EXPECT_EQ(time("minus = \"/m\"", "\"2026-03-01T00:00:00Z\"", "null"), "left out");
  for (const auto& [rule, value, minus] :
       {std::tuple{"time = \"epoch_s\"", "253402300800", "0"},
        {"time = \"epoch_s\"", "-1", "0"},
        {"time = \"minute\"", "\"2026-02-15 24:00\"", "0"},
        {"time = \"datetime\"", "\"2026-02-15 17:52\"", "0"},
        {"time = \"datetime\"", "\"2026-02-15 17:52:60\"", "0"},
        {"time = \"datetime\"", "\"2026-02-15 17:52:36.\"", "0"},
        {"time = \"datetime\"", "\"2026-02-15 17:52:36Z\"", "0"},
        {"time = \"datetime\"", "\"2026-02-15x17:52:36\"", "0"},
        {"time = \"datetime\"\nminus = \"/m\"", "\"2026-02-30 00:00:00\"", "1"},
        {"minus = \"/m\"", "\"2026-02-30T00:00:00Z\"", "1"},
        {"minus = \"/m\"", "\"2026-02-15T00:00:00+01:00\"", "1"},
        {"minus = \"/m\"", "\"2026-02-15T00:00:00Z\"", "-1"},
        {"time = \"epoch_s\"\nminus = \"/m\"", "1", "1001"}}) {
    EXPECT_EQ(time(rule, value, minus), R"("timestamp":{})") << rule << value;
  }
}

TEST(EventMapper, LooksUpAndNames) {
  constexpr std::string_view kTable =
      "[device_type]\npointer = \"/d\"\ntable = { a = \"web\", true = \"mobile\", 5 = \"desktop\" }\n";
  EXPECT_EQ(member(kTable, R"({"d":"a"})"), R"("device_type":"web")");
  EXPECT_EQ(member(kTable, R"({"d":true})"), R"("device_type":"mobile")");
  EXPECT_EQ(member(kTable, R"({"d":5.0})"), R"("device_type":"desktop")");
  EXPECT_EQ(member(kTable, R"({"d":"b"})"), R"("device_type":{})");
  EXPECT_EQ(member(kTable, "{}"), "left out");
  const std::string with_default = std::string(kTable) + "default = \"web\"\n";
  EXPECT_EQ(member(with_default, R"({"d":"b"})"), R"("device_type":"web")");
  EXPECT_EQ(member(with_default, R"({"d":{}})"), R"("device_type":"web")");
  EXPECT_EQ(member(with_default, "{}"), R"("device_type":"web")");
  constexpr std::string_view kUuid = "[song_id]\nuuid5 = [\"/a\", \"/b\"]";
  EXPECT_EQ(member(kUuid, R"({"a":"Artist","b":"Song"})"),
            R"("song_id":"640bbe39-9291-5070-92d8-4352102bf2a5")");
  EXPECT_EQ(member(kUuid, R"({"a":"Artist"})"), "left out");
  EXPECT_EQ(member(kUuid, R"({"a":"Artist","b":0.5})"), R"("song_id":{})");
  EXPECT_EQ(member("[session_id]\npointer = \"/s\"\ntext = true", R"({"s":29})"), R"("session_id":"29")");
  EXPECT_EQ(member("[session_id]\npointer = \"/s\"", R"({"s":29})"), R"("session_id":{})");
}

}  // namespace
}  // namespace sdp::verify
