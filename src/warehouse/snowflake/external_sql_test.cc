#include "warehouse/snowflake/external_sql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <regex.h>

#include <array>

#include "lake/line.h"

namespace sdp::warehouse::snowflake {
namespace {

using testing::HasSubstr;

/// A line as the sink writes it, taken apart by the expression, and by the decoder.
class ExternalLine : public testing::Test {
 protected:
  void take(const log::RecordView& record) {
    lake::LineEncoder().append(text_, record);
    text_.pop_back();
    line_ = *decoder_.decode(text_);
    regex_t expression;
    ASSERT_EQ(regcomp(&expression, line_prefix_regex().c_str(), REG_EXTENDED), 0);
    EXPECT_EQ(regexec(&expression, text_.c_str(), groups_.size(), groups_.data(), 0), 0) << text_;
    regfree(&expression);
    rest_ = "{" + text_.substr(static_cast<std::size_t>(groups_[0].rm_eo));
  }
  std::string group(std::size_t number) const {
    const regmatch_t& at = groups_[number];
    if (at.rm_so < 0) return "";
    return text_.substr(static_cast<std::size_t>(at.rm_so), static_cast<std::size_t>(at.rm_eo - at.rm_so));
  }
  static log::RecordView record(std::string_view value) {
    log::RecordView record;
    record.partition = 3;
    record.offset = 42;
    record.timestamp = UtcMillis(std::chrono::milliseconds(-7));
    record.value = value;
    return record;
  }

  std::string text_;
  std::string rest_;
  std::array<regmatch_t, 9> groups_{};
  lake::LineDecoder decoder_;
  lake::Line line_;
};

TEST_F(ExternalLine, CoordinatesAndPayloadAreWhatTheDecoderReads) {
  auto with_key = record(R"({"a":"\"_kafka_key\":null,","b":[1,2],"_x":{}})");
  with_key.key = "k\"\\,]\n";
  take(with_key);
  EXPECT_EQ(group(1), "3");
  EXPECT_EQ(group(2), "42");
  EXPECT_EQ(group(3), "-7");
  EXPECT_EQ(group(4), "");
  EXPECT_EQ(group(5), R"("k\"\\,]\n")");
  EXPECT_EQ(group(8), "");
  EXPECT_EQ(rest_, *line_.payload);
}

TEST_F(ExternalLine, EmptyObjectsAndMissingKeys) {
  take(record("{}"));
  EXPECT_EQ(group(5), "null");
  EXPECT_EQ(rest_, "{}");
  EXPECT_EQ(rest_, *line_.payload);
}

TEST_F(ExternalLine, HeadersEndWhereTheyEnd) {
  const std::vector<log::HeaderView> headers = {{"a]],[\"", "\x01"}, {"none", std::nullopt}, {"\xff", "x"}};
  auto with_headers = record(R"({"h":[["x","y"]]})");
  with_headers.key = std::string_view("\xff\x00", 2);
  with_headers.headers = headers;
  take(with_headers);
  EXPECT_EQ(group(4), "_base64");
  EXPECT_EQ(group(8), line_.headers_json);
  EXPECT_EQ(rest_, *line_.payload);
}

TEST_F(ExternalLine, RejectedLinesAreToldByWhatFollows) {
  take(record("no json"));
  EXPECT_EQ(rest_, R"({"_error":"not_json","_raw":"bm8ganNvbg=="})");
}

TEST(ExternalLoadSql, ExpressionsAskForNothingThatSnowflakeHasNot) {
  EXPECT_THAT(line_prefix_regex(), testing::Not(HasSubstr("(?")));
  EXPECT_THAT(line_prefix_regex(), testing::Not(HasSubstr("$"))) << "dollars quote it";
}

TEST(ExternalLoadSql, NamesTheObjectsAndTakesWholeLines) {
  const ExternalLoadSql sql("DB", "20260215T175236123Z-abcdef01", UtcMillis{});
  const std::string keys[] = {"bronze/date=2026-02-15/hour=17/a.json.zst", "bronze/b.json"};
  const auto copy = sql.copy(keys);
  ASSERT_TRUE(copy);
  EXPECT_THAT(*copy, HasSubstr("FILES = ('bronze/date=2026-02-15/hour=17/a.json.zst', 'bronze/b.json')"));
  EXPECT_THAT(*copy, HasSubstr("FIELD_DELIMITER = NONE"));
}

TEST(ExternalLoadSql, RefusesWhatOneCopyCannotTake) {
  const ExternalLoadSql sql("DB", "20260215T175236123Z-abcdef01", UtcMillis{});
  EXPECT_FALSE(sql.copy({}));
  EXPECT_FALSE(sql.copy(std::vector<std::string>(kExternalFilesMax + 1, "bronze/a")));
  EXPECT_TRUE(sql.copy(std::vector<std::string>(kExternalFilesMax, "bronze/a")));
  EXPECT_FALSE(sql.copy(std::vector<std::string>{"bronze/'); DROP TABLE x; --"}));
}

TEST(ExternalLoadSql, InsertsOnlyWhatTheLedgerHasNot) {
  const ExternalLoadSql sql("DB", "20260215T175236123Z-abcdef01", UtcMillis{});
  for (const std::string& insert : {sql.insert_events(), sql.insert_rejected()}) {
    EXPECT_THAT(insert, HasSubstr("NOT IN (SELECT object_key FROM DB.BRONZE.LOAD_LEDGER)"));
    EXPECT_THAT(insert, HasSubstr("OCTET_LENGTH(l.line) <= 7500000"));
  }
}

}  // namespace
}  // namespace sdp::warehouse::snowflake
