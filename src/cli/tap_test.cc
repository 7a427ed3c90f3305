#include "cli/tap.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/utc_time.h"

namespace sdp::cli {
namespace {

using nlohmann::json;

log::RecordView record(std::optional<std::string_view> key, std::optional<std::string_view> value) {
  log::RecordView record;
  record.partition = 3;
  record.offset = 42;
  record.timestamp = *base::parse_iso("2026-02-15T17:52:36.123Z");
  record.key = key;
  record.value = value;
  return record;
}

TEST(TapText, IsTheRecord) {
  EXPECT_EQ(record_text("t", record("user", "{\"a\":1}")),
            "t/3/42 2026-02-15T17:52:36.123Z user {\"a\":1}\n");
  EXPECT_EQ(record_text("t", record(std::nullopt, std::nullopt)), "t/3/42 2026-02-15T17:52:36.123Z - null\n");
}

TEST(TapText, ActsOnNoTerminal) {
  EXPECT_EQ(record_text("t", record("a\nb", "\x1b[2J\xff\u009b\u202e")),
            "t/3/42 2026-02-15T17:52:36.123Z a\\nb \\x1b[2J\\xff\\u009b\\u202e\n");
  EXPECT_EQ(line_text("{\"a\":\"\x7f\u009b\"}"), "{\"a\":\"\\x7f\\u009b\"}\n");
}

TEST(TapText, ATimeThatNoClockHasIsANumber) {
  log::RecordView view = record("k", "v");
  view.timestamp = UtcMillis(std::chrono::milliseconds(-1));
  EXPECT_EQ(record_text("t", view), "t/3/42 -1 k v\n");
}

TEST(TapJson, HasTheBytesWhateverTheyAre) {
  const json text = json::parse(record_json("t", record("k", "a\x1b\x7f\u009b\u202e")));
  EXPECT_EQ(text["value"], "a\x1b\x7f\u009b\u202e");
  EXPECT_EQ(text["append_time"], "2026-02-15T17:52:36.123Z");
  EXPECT_EQ(text["schema_version"], 1);
  EXPECT_FALSE(text.contains("value_base64"));
  const json bytes = json::parse(record_json("t", record(std::nullopt, "\xff\x00")));
  EXPECT_TRUE(bytes["key"].is_null());
  EXPECT_TRUE(bytes["value"].is_null());
  EXPECT_EQ(bytes["value_base64"], "/w==");
}

TEST(TapJson, ActsOnNoTerminal) {
  for (const char c : record_json("t", record("k\u009b", "\x1b\x7f\n")))
    EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << static_cast<int>(c);
}

TEST(TapJson, ALineIsHandedOnAsItIs) {
  EXPECT_EQ(line_json("bronze/a.json", "{\"n\":12345678901234567890123}"),
            "{\"schema_version\":1,\"object\":\"bronze/a.json\",\"line\":{\"n\":12345678901234567890123}}\n");
  EXPECT_EQ(line_json("k", "half {"), "{\"schema_version\":1,\"object\":\"k\",\"line\":\"half {\"}\n");
}

TEST(TapBatch, SaysWhatCannotBeRead) {
  const log::UnreadableBatch batch{
      .partition = 1, .first = 5, .end = 9, .fault = log::BatchFault::bad_checksum};
  EXPECT_EQ(batch_text("t", batch),
            "t/1/5 up to offset 8: a batch that cannot be read (batch_bad_checksum)\n");
  EXPECT_EQ(json::parse(batch_json("t", batch))["last_offset"], 8);
}

TEST(HasText, LooksIntoKeyAndValue) {
  EXPECT_TRUE(has_text("", std::nullopt, std::nullopt));
  EXPECT_TRUE(has_text("us", "user", std::nullopt));
  EXPECT_TRUE(has_text("play", "user", "{\"event\":\"play\"}"));
  EXPECT_FALSE(has_text("skip", "user", "{\"event\":\"play\"}"));
  EXPECT_FALSE(has_text("skip", std::nullopt, std::nullopt));
}

}  // namespace
}  // namespace sdp::cli
