#include <gtest/gtest.h>

#include "lake/object_key.h"
#include "lake/object_meta.h"
#include "lake_reader/lake_reader.h"
#include "store/memory/memory_store.h"

namespace sdp::lake_reader {
namespace {

constexpr UtcMillis kNoon{std::chrono::sys_days(std::chrono::year(2026) / 2 / 15) + std::chrono::hours(12)};

class ChainsTest : public testing::Test {
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
    const auto ends = lake_.chain_ends(id_, partitions);
    EXPECT_TRUE(ends) << ends.error().message;
    return ends->at(partition);
  }

  store::MemoryStore store_;
  const LakeReader lake_{store_, lake::Places()};
  const log::TopicId id_ = *base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000");
  const log::TopicId recreated_ = *base::parse_uuid("5e6f7a8b-0000-4000-8000-000000000000");
  const log::TopicId lookalike_ = *base::parse_uuid("1a2b3c4d-ffff-4000-8000-000000000000");
};

TEST_F(ChainsTest, EmptyLakeStartsAtZero) {
  EXPECT_EQ(end_of(0), 0);
}

TEST_F(ChainsTest, NewestObjectOfThePartitionTells) {
  put(0, 0, 10, kNoon, id_);
  put(0, 10, 25, kNoon + std::chrono::hours(30), id_);
  put(1, 0, 99, kNoon + std::chrono::hours(31), id_);
  EXPECT_EQ(end_of(0), 25);
  EXPECT_EQ(end_of(1), 99);
  EXPECT_EQ(end_of(2), 0);
}

TEST_F(ChainsTest, RecreatedTopicStartsANewChain) {
  put(0, 0, 10, kNoon, recreated_);
  EXPECT_EQ(end_of(0), 0);
}

TEST_F(ChainsTest, TopicsWhoseIdsBeginAlikeAreToldApart) {
  put(0, 0, 10, kNoon, lookalike_);
  const log::Partition partitions[] = {0};
  const auto ends = lake_.chain_ends(id_, partitions);
  ASSERT_FALSE(ends);
  EXPECT_EQ(ends.error().kind, ErrorKind::bad_input);
}

}  // namespace
}  // namespace sdp::lake_reader
