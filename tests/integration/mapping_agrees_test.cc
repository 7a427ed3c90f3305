// What a mapping makes of a payload is said twice: by the SQL that silver is built with, and by verify's own
// code. Here DuckDB runs the SQL, and both must say the same of payloads that nobody would send.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "event/decode.h"
#include "mapping/compile.h"
#include "mapping/parse.h"
#include "verify/mapped_event.h"
#include "warehouse/duckdb/connection.h"

namespace sdp {
namespace {

using nlohmann::json;

/// Each conversion, over few names, so that random payloads have what it reads.
constexpr std::string_view kMapping = R"(mapping = 1
[event_id]
uuid5 = ["/id", "/a/b", "/when"]
namespace = "url"
[event_type]
pointer = "/type"
table = { played = "play", "it's \\ \"odd\"" = "skip", 5 = "pause", true = "add_to_playlist" }
[user_id]
uuid5 = ["/a/b"]
separator = ""
[song_id]
uuid5 = ["/a/1", "/name"]
separator = "'\\"
[song_name]
pointer = "/name"
[artist_name]
pointer = "/a/1"
default = "no 'one'\\"
[device_type]
pointer = "/a/b"
table = { x = "mobile", false = "desktop", "-7" = "web" }
default = "web"
[country]
constant = "DE"
[timestamp]
pointer = "/when"
TIME
[session_id]
pointer = "/~0~1'\"\\ é*.$"
text = true
[position_ms]
pointer = "/long"
[duration_ms]
pointer = "/long"
unit = "UNIT"
[app_version]
pointer = "/name"
text = true
[schema_version]
pointer = "/type"
table = { 5 = 1, played = 2 }
)";

mapping::Mapping mapping_with(std::string_view time, std::string_view unit) {
  std::string text(kMapping);
  text.replace(text.find("TIME"), 4, time);
  text.replace(text.find("UNIT"), 4, unit);
  auto mapping = mapping::parse(text, "test");
  EXPECT_TRUE(mapping) << mapping.error().message;
  return *std::move(mapping);
}

rc::Gen<std::string> any_string() {
  return rc::gen::element<std::string>(
      R"("")", R"("x")", R"("played")", R"("it's \\ \"odd\"")", R"("\u0078")", R"("true")", R"("-7")",
      R"("5")", R"("1771177956")", R"("001")", R"("-0")", R"("+5")", R"(" 5")", R"("5\n")", R"("１")",
      R"("123456789012345")", R"("1234567890123456")", R"("5.0")", R"("null")", R"("\"null\"")", R"("{}")",
      R"("\ud83c\udfb5 \\n \u0007")", R"("2026-02-15T17:52:36Z")", R"("2026-02-15T17:52:36.1234567Z")",
      R"("2026-02-30T17:52:36Z")", R"("2026-02-15T17:52:60Z")", R"("2026-02-15t17:52:36Z")",
      R"("2026-02-15T17:52:36+01:00")", R"("2026-02-15T17:52:36.Z")", R"("0001-01-01T00:00:00Z")",
      R"("9999-12-31T23:59:59.999999999Z")", R"("1970-01-01T00:00:00Z")", R"("2024-02-29T00:00:00.5Z")",
      R"("0000-01-01T00:00:00Z")", R"("2026-02-15 17:52")", R"("2026-02-30 17:52")", R"("2026-13-01 17:52")",
      R"("2026-02-15 24:00")", R"("2026-02-15 17:52:00")", R"("2026-02-15 17:52:36.123456789")",
      R"("2026-02-15T17:52:36.5")", R"("2026-02-15 17:52:36.1234567890")", R"("2026-02-30 17:52:36")",
      R"("2026-02-15 17:52:36\n")", R"("9999-12-31 23:59:59.9999999")", R"("0000-01-01 00:00:00")",
      R"("2026-02-15  17:52:36")", R"("2026-02-15T17:52")", R"("2026-02-15T17:52:36ZZ")",
      R"("2026-02-15T17:52:36Z\n")");
}

rc::Gen<std::string> any_number() {
  return rc::gen::oneOf(
      rc::gen::element<std::string>(
          "0", "-0", "5", "5.0", "-7", "5e0", "50E-1", "0.5", "-0.0", "1e999", "-1e999", "1e-999",
          "9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740991",
          "-9007199254740992", "9007199254740991.4", "18446744073709551615", "18446744073709551616",
          "123456789012345678901234567890", "253402300799", "253402300800", "253402300799999",
          "253402300800000", "253402300799999999", "9007199254740", "9007199254741", "150119987579",
          "150119987580", "4.35", "1e15", "1e16", "999", "1000", "5999"),
      rc::gen::map(rc::gen::inRange<std::int64_t>(-3'000'000'000'000'000, 3'000'000'000'000'000),
                   [](std::int64_t number) { return std::to_string(number); }));
}

rc::Gen<std::string> any_value(int depth) {
  auto scalar =
      rc::gen::oneOf(any_string(), any_number(), rc::gen::element<std::string>("null", "true", "false"));
  if (depth == 0) return scalar;
  const auto members =
      rc::gen::map(rc::gen::container<std::vector<std::pair<std::string, std::string>>>(
                       rc::gen::pair(rc::gen::element<std::string>("id", "a", "b", "1", "type", "when",
                                                                   "name", "long", R"(~/'\"\\ é*.$)", ""),
                                     rc::gen::lazy([depth] { return any_value(depth - 1); }))),
                   [](const std::vector<std::pair<std::string, std::string>>& all) {
                     std::string out = "{";
                     for (const auto& [name, value] : all)
                       out += fmt::format("{}\"{}\" : {}", out.size() > 1 ? ", " : "", name, value);
                     return out + "}";
                   });
  const auto elements = rc::gen::map(
      rc::gen::container<std::vector<std::string>>(rc::gen::lazy([depth] { return any_value(depth - 1); })),
      [](const std::vector<std::string>& all) { return fmt::format("[{}]", fmt::join(all, ",")); });
  return rc::gen::weightedOneOf<std::string>({{4, scalar}, {1, members}, {1, elements}});
}

/// With all names that the mapping reads, of which some come twice.
std::string any_payload() {
  std::vector<std::string> members;
  for (const std::string_view name : {"id", "a", "type", "when", "name", "long", R"(~/'\"\\ é*.$)"}) {
    const int times = *rc::gen::weightedElement<int>({{1, 0}, {12, 1}, {1, 2}});
    for (int i = 0; i < times; ++i) {
      std::string value = *any_value(2);
      if (name == "a" && *rc::gen::inRange(0, 4) > 0)
        value = fmt::format(R"({{"b":{},"1":{}}})", *any_value(1), *any_value(1));
      members.push_back(fmt::format("\"{}\": {}", name, value));
    }
  }
  return fmt::format("{{{}}}", fmt::join(members, ", "));
}

/// What is no member to the judge, who takes null for nothing, is left out here, too.
json members_of(std::string_view text) {
  json members = json::parse(text, nullptr, false);
  if (!members.is_object()) return "no object: " + std::string(text);
  for (auto at = members.begin(); at != members.end();)
    at = at->is_null() ? members.erase(at) : std::next(at);
  return members;
}

class MappingAgrees : public testing::Test {
 protected:
  void SetUp() override {
    auto connection = warehouse::duckdb::Connection::open_in_memory({.path = "none.duckdb"});
    ASSERT_TRUE(connection) << connection.error().message;
    connection_ = std::make_unique<warehouse::duckdb::Connection>(*std::move(connection));
    must("CREATE TABLE events (number BIGINT, arrived_payload JSON)");
  }

  void must(std::string_view sql) {
    const auto done = connection_->execute(sql);
    ASSERT_TRUE(done) << done.error().message;
  }

  std::vector<std::string> by_sql(const mapping::Mapping& mapping, const std::vector<std::string>& payloads) {
    must("DELETE FROM events");
    std::string values;
    for (std::size_t i = 0; i < payloads.size(); ++i) {
      values += fmt::format("{}({}, {})", i == 0 ? "" : ", ", i,
                            mapping::quoted(payloads[i], mapping::Dialect::duckdb));
    }
    must("INSERT INTO events VALUES " + values);
    const auto ctes = mapping::compile(mapping, mapping::Dialect::duckdb);
    EXPECT_TRUE(ctes);
    std::vector<std::string> found;
    const auto asked = connection_->scan(
        fmt::format("WITH arrived AS (SELECT number, arrived_payload FROM events), {} SELECT payload FROM "
                    "mapped ORDER BY number",
                    *ctes),
        [](const auto&) {},
        [&](warehouse::RowView row) -> Result<void> {
          found.emplace_back(row[0].value_or("null"));
          return {};
        });
    EXPECT_TRUE(asked) << asked.error().message;
    return found;
  }

  std::unique_ptr<warehouse::duckdb::Connection> connection_;
};

TEST_F(MappingAgrees, OnAnyPayload) {
  constexpr std::size_t kAtOnce = 40;
  EXPECT_TRUE(rc::check([&] {
    const auto time = *rc::gen::element<std::string>(
        "time = \"epoch_s\"", "time = \"epoch_ms\"", "time = \"epoch_us\"", "time = \"rfc3339\"",
        "time = \"minute\"", "time = \"epoch_s\"\nminus = \"/long\"", "time = \"rfc3339\"\nminus = \"/long\"",
        "time = \"minute\"\nminus = \"/long\"", "time = \"datetime\"",
        "time = \"datetime\"\nminus = \"/long\"",
        "time = \"epoch_us\"\nminus = \"/long\"\ndefault = \"2026-02-15T17:52:36Z\"");
    const mapping::Mapping mapping =
        mapping_with(time, *rc::gen::element<std::string>("us", "ms", "s", "min"));
    verify::EventMapper mapper(mapping);
    std::vector<std::string> payloads;
    for (std::size_t i = 0; i < kAtOnce; ++i) payloads.push_back(any_payload());
    const auto found = by_sql(mapping, payloads);
    RC_ASSERT(found.size() == payloads.size());
    for (std::size_t i = 0; i < payloads.size(); ++i) {
      const auto event = mapper.map(payloads[i]);
      RC_ASSERT(event.has_value());
      if (members_of(*event) == members_of(found[i])) continue;
      RC_FAIL(fmt::format("{}\nverify: {}\nDuckDB: {}", payloads[i], *event, found[i]));
    }
  }));
}

}  // namespace
}  // namespace sdp
