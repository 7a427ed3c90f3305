#include <fmt/core.h>
#include <gtest/gtest.h>

#include <map>

#include "lake/object_key.h"
#include "lake/object_meta.h"
#include "lake_reader/lake_reader.h"
#include "store/memory/memory_store.h"

namespace sdp::lake_reader {
namespace {

using std::chrono::hours;

const lake::Hour kStart = lake::parse_hour("2026-02-15T13").value_or(lake::Hour());

class PastLivesTest : public testing::Test {
 protected:
  void object(lake::Hour hour, log::Partition partition, log::Offset first, log::TopicId id) {
    lake::ObjectMeta meta;
    meta.topic = "spotify-events";
    meta.chain = {id, partition};
    meta.range = {first, first + 10};
    meta.records = 10;
    meta.first_timestamp = meta.last_timestamp = UtcMillis(hour);
    meta.sha256 = std::string(64, '0');
    meta.writer = "test";
    const std::string key = lake::format_key(
        {meta.first_timestamp, lake::short_id(id), partition, first, lake::Compression::none});
    ASSERT_TRUE(store_.put_new(key, "x", to_metadata(meta), "text/plain"));
  }
  void begin(lake::Hour hour, log::Partition partition, log::TopicId id) {
    const lake::ChainBegin begin{{id, partition}, hour};
    ASSERT_TRUE(
        store_.put_new(lake::Places().begin_key(begin.chain), to_json(begin), {}, "application/json"));
  }
  void marker(lake::Hour hour, log::Partition partition, log::Offset first, log::Offset end,
              log::TopicId id) {
    lake::HourMarker marker;
    marker.topic = "spotify-events";
    marker.chain = {id, partition};
    marker.partitions = partitions_;
    marker.hour = hour;
    marker.range = {first, end};
    marker.sha256 = std::string(64, '0');
    ASSERT_TRUE(store_.put_new(lake::Places().marker_key(marker.chain, hour), to_json(marker), {},
                               "application/json"));
  }
  std::vector<PastLife> lives() {
    const auto lives = LakeReader(store_, lake::Places()).past_lives(present_);
    EXPECT_TRUE(lives) << lives.error().message;
    return lives.value_or(std::vector<PastLife>{});
  }

  int partitions_ = 1;
  store::MemoryStore store_;
  const log::TopicId present_ = *base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000");
  const log::TopicId past_ = *base::parse_uuid("5e6f7a8b-0000-4000-8000-000000000000");
};

TEST_F(PastLivesTest, ThePresentLifeIsNone) {
  object(kStart, 0, 0, present_);
  begin(kStart, 0, present_);
  EXPECT_TRUE(lives().empty());
}

TEST_F(PastLivesTest, HasTheLastHourWithAnObjectThatIsNotOfAClosedOne) {
  object(kStart, 0, 0, past_);
  object(kStart + hours(1), 2, 0, past_);
  ASSERT_EQ(lives().size(), 1U);
  EXPECT_EQ(lives()[0].topic_id, past_);
  EXPECT_EQ(lives()[0].partitions, 3);
  EXPECT_EQ(lives()[0].last_open, kStart + hours(1));
}

TEST_F(PastLivesTest, NothingIsOpenBehindTheLastMarkerHoweverManyThereAre) {
  const std::vector<int> counts{1, 2, 3, 7, 8, 60};
  std::map<log::TopicId, int> count_of;
  for (const int count : counts) {
    const log::TopicId id = *base::parse_uuid(fmt::format("aaaaaa{:02}-0000-4000-8000-000000000000", count));
    count_of[id] = count;
    begin(kStart, 0, id);
    for (int i = 0; i < count; ++i) marker(kStart + hours(i), 0, 10 * i, 10 * i + 10, id);
    object(kStart + hours(count - 1), 0, 10 * count - 10, id);
  }
  ASSERT_EQ(lives().size(), counts.size());
  for (const PastLife& life : lives()) {
    EXPECT_EQ(life.last_open, std::nullopt) << count_of[life.topic_id];
    EXPECT_EQ(life.partitions, 1);
  }
  // Far behind the newest folders, but right behind the last marker.
  for (const auto& [id, count] : count_of) object(kStart + hours(count), 0, 10 * count, id);
  for (int i = 0; i < 60; ++i) object(kStart + hours(1'000 + i), 0, 10 * i, present_);
  for (const PastLife& life : lives())
    EXPECT_EQ(life.last_open, kStart + hours(count_of[life.topic_id])) << count_of[life.topic_id];
}

TEST_F(PastLivesTest, AnHourIsOpenUntilAllPartitionsHaveClosedIt) {
  partitions_ = 2;
  for (const log::Partition partition : {0, 1}) {
    object(kStart, partition, 0, past_);
    begin(kStart, partition, past_);
    marker(kStart, partition, 0, 10, past_);
  }
  EXPECT_EQ(lives()[0].last_open, std::nullopt);
  object(kStart + hours(1), 0, 10, past_);
  marker(kStart + hours(1), 0, 10, 20, past_);
  EXPECT_EQ(lives()[0].last_open, kStart + hours(1));
  marker(kStart + hours(1), 1, 10, 10, past_);
  EXPECT_EQ(lives()[0].last_open, std::nullopt);
}

TEST_F(PastLivesTest, AnObjectInTheFolderOfAClosedHourIsOfTheNextOne) {
  begin(kStart, 0, past_);
  marker(kStart, 0, 0, 10, past_);
  object(kStart, 0, 0, past_);
  object(kStart, 0, 10, past_);
  EXPECT_EQ(lives()[0].last_open, kStart + hours(1));
}

}  // namespace
}  // namespace sdp::lake_reader
