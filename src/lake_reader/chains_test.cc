#include <gtest/gtest.h>

#include "lake/chain_head.h"
#include "lake/object_key.h"
#include "lake/object_meta.h"
#include "lake_reader/lake_reader.h"
#include "store/memory/faulty_store.h"
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
  void head(const lake::ChainHead& head) {
    ASSERT_TRUE(store_.put_hint(lake::Places().head_key(head.chain), to_json(head), "application/json"));
  }
  log::Offset end_of(log::Partition partition) {
    const log::Partition partitions[] = {partition};
    const auto ends = lake_.chain_points(id_, partitions);
    EXPECT_TRUE(ends) << ends.error().message;
    return ends->at(partition).end;
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

TEST_F(ChainsTest, ARecordWithoutAnHourIsFoundWhereEitherLayoutFiledIt) {
  const UtcMillis wild = kNoon + std::chrono::days(3'650'000);
  const auto next = [&](log::Offset at) {
    return lake_.next_object({id_, 0}, at, wild, lake::Compression::none);
  };
  EXPECT_FALSE(*next(0));
  put(0, 0, 10, lake::clamp_timestamp(wild), id_);
  put(0, 10, 20, wild, id_);
  ASSERT_TRUE(*next(0)) << "an object of layout 1 in a lake that was upgraded";
  EXPECT_EQ((*next(0))->end, 10);
  ASSERT_TRUE(*next(10));
  EXPECT_EQ((*next(10))->end, 20);
}

TEST_F(ChainsTest, NewestObjectOfThePartitionTells) {
  put(0, 0, 10, kNoon, id_);
  put(0, 10, 25, kNoon + std::chrono::hours(30), id_);
  put(1, 0, 99, kNoon + std::chrono::hours(31), id_);
  EXPECT_EQ(end_of(0), 25);
  EXPECT_EQ(end_of(1), 99);
  EXPECT_EQ(end_of(2), 0);
}

TEST_F(ChainsTest, AnObjectOfAFutureHourHidesNoneBehindIt) {
  put(0, 0, 10, kNoon + std::chrono::days(400), id_);
  put(0, 10, 25, kNoon, id_);
  EXPECT_EQ(end_of(0), 25);
  put(0, 25, 30, UtcMillis(std::chrono::milliseconds(-1)), id_);
  EXPECT_EQ(end_of(0), 30);
}

TEST_F(ChainsTest, AHintSavesTheListing) {
  put(0, 0, 10, kNoon, id_);
  put(0, 10, 25, kNoon, id_);
  const std::string key = lake::format_key({kNoon, lake::short_id(id_), 0, 10, lake::Compression::none});
  head({{id_, 0}, 25, key});
  const auto point = lake_.hinted_point({id_, 0});
  ASSERT_TRUE(point && *point);
  EXPECT_EQ((*point)->end, 25);
  EXPECT_EQ((*point)->object_key, key);
  head({{id_, 1}, 0, ""});
  EXPECT_EQ((*lake_.hinted_point({id_, 1}))->end, 0);
}

TEST_F(ChainsTest, NoHintIsTrusted) {
  put(0, 0, 10, kNoon, id_);
  put(1, 0, 40, kNoon, id_);
  const auto key = [&](log::Partition partition) {
    return lake::format_key({kNoon, lake::short_id(id_), partition, 0, lake::Compression::none});
  };
  head({{id_, 0}, 99, key(0)});
  EXPECT_EQ(end_of(0), 10);  // of the object, whatever the hint says
  for (const lake::ChainHead& bad :
       {lake::ChainHead{{id_, 0}, 40, key(1)}, lake::ChainHead{{id_, 0}, 10, "bronze/none.json"}}) {
    head(bad);
    EXPECT_FALSE(*lake_.hinted_point({id_, 0})) << bad.object_key;
    EXPECT_EQ(end_of(0), 10);
  }
}

TEST_F(ChainsTest, RecreatedTopicStartsANewChain) {
  put(0, 0, 10, kNoon, recreated_);
  EXPECT_EQ(end_of(0), 0);
}

TEST_F(ChainsTest, TopicsWhoseIdsBeginAlikeAreToldApart) {
  put(0, 0, 10, kNoon, lookalike_);
  const log::Partition partitions[] = {0};
  const auto ends = lake_.chain_points(id_, partitions);
  ASSERT_FALSE(ends);
  EXPECT_EQ(ends.error().kind, ErrorKind::bad_input);
}

TEST_F(ChainsTest, ObjectsOfAnHourCostTheSameInAnOldLakeAsInANewOne) {
  const lake::ChainId chain{id_, 0};
  const lake::Hour noon = std::chrono::floor<std::chrono::hours>(kNoon);
  const auto calls = [&] {
    store::FaultyStore counted(store_, {});
    const auto objects = LakeReader(counted, lake::Places()).objects_of(chain, noon, noon);
    EXPECT_EQ(objects->size(), 1U);
    return counted.calls();
  };
  put(0, 1'000, 1'001, kNoon, id_);
  const auto of_new = calls();
  for (int day = 1; day <= 900; ++day) put(0, 1'000 - day, 1'001 - day, kNoon - std::chrono::days(day), id_);
  EXPECT_EQ(calls(), of_new);
}

}  // namespace
}  // namespace sdp::lake_reader
