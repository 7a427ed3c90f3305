#include "sink/chain_end.h"

#include <gtest/gtest.h>

#include "lake/object_key.h"
#include "lake/object_meta.h"
#include "store/memory/memory_store.h"

namespace sdp::sink {
namespace {

constexpr UtcMillis kNoon{std::chrono::sys_days(std::chrono::year(2026) / 2 / 15) + std::chrono::hours(12)};

class ChainEndTest : public testing::Test {
 protected:
  void put(log::Partition partition, log::Offset first, log::Offset end, UtcMillis time, log::TopicId id) {
    lake::ObjectMeta meta;
    meta.topic = "spotify-events";
    meta.chain = {id, partition};
    meta.range = {first, end};
    meta.records = 1;
    meta.first_timestamp = time;
    meta.last_timestamp = time;
    meta.sha256 = std::string(64, '0');
    meta.writer = "test";
    const std::string key =
        lake::format_key({time, lake::short_id(id), partition, first, lake::Compression::none});
    ASSERT_EQ(*store_.put_new(key, "x", to_metadata(meta), "text/plain"), store::PutOutcome::created);
  }
  log::Offset end_of(log::Partition partition) {
    const log::Partition partitions[] = {partition};
    const auto ends = find_chain_ends(store_, id_, partitions);
    EXPECT_TRUE(ends) << ends.error().message;
    return ends->at(partition);
  }

  store::MemoryStore store_;
  const log::TopicId id_ = *base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000");
  const log::TopicId recreated_ = *base::parse_uuid("5e6f7a8b-0000-4000-8000-000000000000");
  const log::TopicId lookalike_ = *base::parse_uuid("1a2b3c4d-ffff-4000-8000-000000000000");
};

TEST_F(ChainEndTest, EmptyLakeStartsAtZero) {
  EXPECT_EQ(end_of(0), 0);
}

TEST_F(ChainEndTest, NewestObjectOfThePartitionTells) {
  put(0, 0, 10, kNoon, id_);
  put(0, 10, 25, kNoon + std::chrono::hours(30), id_);
  put(1, 0, 99, kNoon + std::chrono::hours(31), id_);
  EXPECT_EQ(end_of(0), 25);
  EXPECT_EQ(end_of(1), 99);
  EXPECT_EQ(end_of(2), 0);
}

TEST_F(ChainEndTest, RecreatedTopicStartsANewChain) {
  put(0, 0, 10, kNoon, recreated_);
  EXPECT_EQ(end_of(0), 0);
}

TEST_F(ChainEndTest, TopicsWhoseIdsBeginAlikeAreToldApart) {
  put(0, 0, 10, kNoon, lookalike_);
  const log::Partition partitions[] = {0};
  const auto ends = find_chain_ends(store_, id_, partitions);
  ASSERT_FALSE(ends);
  EXPECT_EQ(ends.error().kind, ErrorKind::bad_input);
}

TEST_F(ChainEndTest, LogThatStillHasTheChainEndGoesOnThere) {
  EXPECT_EQ(*start_offset(store_, {id_, 0}, "t", 5, {.start = 0, .end = 9}, GapPolicy::stop), 5);
  EXPECT_EQ(*start_offset(store_, {id_, 0}, "t", 9, {.start = 9, .end = 9}, GapPolicy::stop), 9);
}

TEST_F(ChainEndTest, LostOffsetsStopTheSinkAndAreNamed) {
  const auto start = start_offset(store_, {id_, 2}, "t", 5, {.start = 8, .end = 9}, GapPolicy::stop);
  ASSERT_FALSE(start);
  EXPECT_EQ(start.error().kind, ErrorKind::data_gap);
  EXPECT_NE(start.error().message.find("[5, 8)"), std::string::npos) << start.error().message;
}

TEST_F(ChainEndTest, AcknowledgedGapIsRecordedOnceAndThenPassed) {
  EXPECT_EQ(*start_offset(store_, {id_, 2}, "t", 5, {.start = 8, .end = 9}, GapPolicy::record), 8);
  EXPECT_EQ(*start_offset(store_, {id_, 2}, "t", 5, {.start = 8, .end = 9}, GapPolicy::stop), 8);
  const auto further = start_offset(store_, {id_, 2}, "t", 5, {.start = 20, .end = 30}, GapPolicy::stop);
  ASSERT_FALSE(further);
  EXPECT_NE(further.error().message.find("[8, 20)"), std::string::npos) << further.error().message;
  EXPECT_EQ(read_gaps(store_, id_)->size(), 1u);
}

TEST_F(ChainEndTest, LogBehindTheLakeStopsTheSink) {
  const auto start = start_offset(store_, {id_, 0}, "t", 10, {.start = 0, .end = 7}, GapPolicy::record);
  ASSERT_FALSE(start);
  EXPECT_EQ(start.error().kind, ErrorKind::data_gap);
}

}  // namespace
}  // namespace sdp::sink
