#include "log/memory/partition_log.h"

#include <gtest/gtest.h>

#include <string>

namespace sdp::log {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kChunkBytes = 200;

class PartitionLogTest : public ::testing::Test {
 protected:
  Offset append(std::string_view value) { return log_.append({UtcMillis(5ms), "k", value, {}}); }
  void fill(int records) {
    for (int i = 0; i < records; ++i) append("value " + std::to_string(i));
  }

  PartitionLog log_{"topic", 3, kChunkBytes};
  RecordView record_;
};

TEST_F(PartitionLogTest, GivesBackEveryByteAndTellsAbsentFromEmpty) {
  const HeaderView headers[] = {{"trace", "1-2"}, {"empty", ""}, {"absent", std::nullopt}};
  log_.append({UtcMillis(7ms), "key", std::string_view("a\0b", 3), headers});
  log_.append({UtcMillis(8ms), std::nullopt, std::nullopt, {}});
  log_.append({UtcMillis(9ms), "", "", {}});
  PartitionCursor cursor(log_, 0);
  ASSERT_EQ(cursor.fetch().value(), 3U);

  cursor.next(record_);
  EXPECT_EQ(record_.partition, 3);
  EXPECT_EQ(record_.offset, 0);
  EXPECT_EQ(record_.timestamp, UtcMillis(7ms));
  EXPECT_EQ(record_.key, "key");
  EXPECT_EQ(record_.value, std::string_view("a\0b", 3));
  ASSERT_EQ(record_.headers.size(), 3U);
  EXPECT_EQ(record_.headers[0].name, "trace");
  EXPECT_EQ(record_.headers[0].value, "1-2");
  EXPECT_EQ(record_.headers[1].value, "");
  EXPECT_EQ(record_.headers[2].value, std::nullopt);

  cursor.next(record_);
  EXPECT_EQ(record_.key, std::nullopt);
  EXPECT_EQ(record_.value, std::nullopt);
  EXPECT_TRUE(record_.headers.empty());
  cursor.next(record_);
  EXPECT_EQ(record_.key, "");
  EXPECT_EQ(record_.value, "");
}

TEST_F(PartitionLogTest, AMarkTakesAnOffsetAndIsNoRecord) {
  append("one");
  EXPECT_EQ(log_.append_mark(), 1);
  append("two");
  EXPECT_EQ(log_.append_mark(), 3);
  EXPECT_EQ(log_.watermarks().end, 4);
  PartitionCursor cursor(log_, 0);
  ASSERT_EQ(cursor.fetch().value(), 4U);
  EXPECT_TRUE(cursor.next(record_));
  EXPECT_FALSE(cursor.next(record_));
  EXPECT_TRUE(cursor.next(record_));
  EXPECT_EQ(record_.offset, 2);
  EXPECT_EQ(record_.value, "two");
  EXPECT_FALSE(cursor.next(record_));
  EXPECT_EQ(cursor.offset(), 4);
  cursor.seek(3);
  ASSERT_EQ(cursor.fetch().value(), 1U);
  EXPECT_FALSE(cursor.next(record_));
}

TEST_F(PartitionLogTest, ReadsOnAcrossChunksFromAnyOffset) {
  fill(100);
  for (const Offset from : {0, 1, 37, 99}) {
    PartitionCursor cursor(log_, from);
    Offset expected = from;
    for (;;) {
      const std::size_t records = cursor.fetch().value();
      if (records == 0) break;
      for (std::size_t i = 0; i < records; ++i) {
        cursor.next(record_);
        ASSERT_EQ(record_.offset, expected);
        ASSERT_EQ(record_.value, "value " + std::to_string(expected));
        ++expected;
      }
    }
    EXPECT_EQ(expected, 100);
  }
}

TEST_F(PartitionLogTest, ARecordLargerThanAChunkHasAChunkOfItsOwn) {
  append("before");
  append(std::string(10 * kChunkBytes, 'x'));
  append("behind");
  PartitionCursor cursor(log_, 1);
  ASSERT_EQ(cursor.fetch().value(), 1U);
  cursor.next(record_);
  EXPECT_EQ(record_.value->size(), 10 * kChunkBytes);
  ASSERT_EQ(cursor.fetch().value(), 1U);
}

TEST_F(PartitionLogTest, DropsWholeChunksThatWerePassedAndNoMore) {
  fill(100);
  EXPECT_EQ(log_.drop_oldest(0), 0U);
  EXPECT_GT(log_.drop_oldest(50), 0U);
  while (log_.drop_oldest(50) > 0) {
  }
  const Watermarks marks = log_.watermarks();
  EXPECT_GT(marks.start, 30);
  EXPECT_LE(marks.start, 50);
  EXPECT_EQ(marks.end, 100);
}

TEST_F(PartitionLogTest, OffsetsGoOnAfterEverythingWasDropped) {
  fill(10);
  while (log_.drop_oldest(10) > 0) {
  }
  EXPECT_EQ(log_.watermarks().start, 10);
  EXPECT_EQ(append("more"), 10);
}

TEST_F(PartitionLogTest, ADroppedChunkStaysReadableForWhoHoldsIt) {
  fill(3);
  PartitionCursor cursor(log_, 0);
  ASSERT_EQ(cursor.fetch().value(), 3U);
  log_.delete_below(3);
  cursor.next(record_);
  EXPECT_EQ(record_.value, "value 0");
}

TEST_F(PartitionLogTest, AnOffsetOutsideIsADataGapThatNamesPlaceAndRange) {
  fill(10);
  log_.delete_below(4);
  for (const Offset outside : {3, 11}) {
    PartitionCursor cursor(log_, outside);
    const auto fetched = cursor.fetch();
    ASSERT_FALSE(fetched);
    EXPECT_EQ(fetched.error().kind, ErrorKind::data_gap);
    EXPECT_NE(fetched.error().message.find("topic/3"), std::string::npos) << fetched.error().message;
    EXPECT_NE(fetched.error().message.find("[4, 10)"), std::string::npos) << fetched.error().message;
  }
  EXPECT_EQ(PartitionCursor(log_, 10).fetch().value(), 0U);
  EXPECT_GT(PartitionCursor(log_, 4).fetch().value(), 0U);
}

}  // namespace
}  // namespace sdp::log
