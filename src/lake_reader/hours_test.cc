#include <gtest/gtest.h>

#include "lake/object_key.h"
#include "lake_reader/lake_reader.h"
#include "store/memory/memory_store.h"

namespace sdp::lake_reader {
namespace {

const lake::Hour kStart = lake::parse_hour("2026-02-15T22").value_or(lake::Hour());
const log::TopicId kTopic = *base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000");
const log::TopicId kOther = *base::parse_uuid("99999999-0000-4000-8000-000000000000");

class CompleteHours : public testing::Test {
 protected:
  void begin(log::Partition partition, int hour, log::TopicId topic = kTopic) {
    const lake::ChainBegin begin{{topic, partition}, kStart + std::chrono::hours(hour)};
    ASSERT_TRUE(
        store_.put_new(lake::Places().begin_key(begin.chain), to_json(begin), {}, "application/json"));
  }
  void close(log::Partition partition, int hour, log::Offset next, log::TopicId topic = kTopic) {
    lake::HourMarker marker;
    marker.chain = {topic, partition};
    marker.partitions = 2;
    marker.hour = kStart + std::chrono::hours(hour);
    marker.range = {0, next};
    marker.records = next;
    ASSERT_TRUE(store_.put_new(lake::Places().marker_key(marker.chain, marker.hour), to_json(marker), {},
                               "application/json"));
  }

  store::MemoryStore store_;
  const LakeReader lake_{store_, lake::Places()};
};

TEST_F(CompleteHours, LakeWithoutMarkersHasNone) {
  EXPECT_TRUE(lake_.complete_through().value().empty());
  EXPECT_TRUE(lake_.newest_hours(kTopic, 5).value().empty());
}

TEST_F(CompleteHours, LastHourThatAllPartitionsClosedIsTheBound) {
  begin(0, 0);
  begin(1, 0);
  for (int hour = 0; hour < 4; ++hour) close(0, hour, 10 * hour + 10);
  for (int hour = 0; hour < 3; ++hour) close(1, hour, 7);
  const auto complete = lake_.complete_through().value();
  ASSERT_EQ(complete.size(), 1u);
  EXPECT_EQ(complete.at("1a2b3c4d").hour, kStart + std::chrono::hours(2));
  EXPECT_EQ(complete.at("1a2b3c4d").next, (std::map<log::Partition, log::Offset>{{0, 30}, {1, 7}}));
  const auto up_to = lake_.complete_through(kStart + std::chrono::hours(1)).value();
  EXPECT_EQ(up_to.at("1a2b3c4d").next, (std::map<log::Partition, log::Offset>{{0, 20}, {1, 7}}));
  EXPECT_TRUE(lake_.complete_through(kStart - std::chrono::hours(1)).value().empty());
}

TEST_F(CompleteHours, EachTopicIdHasItsOwn) {
  for (const log::TopicId& topic : {kTopic, kOther}) {
    begin(0, 0, topic);
    begin(1, 1, topic);
  }
  close(0, 0, 5, kOther);
  close(0, 0, 8);
  close(0, 1, 9);
  close(1, 1, 3);
  const auto complete = lake_.complete_through().value();
  EXPECT_EQ(complete.at("1a2b3c4d").next, (std::map<log::Partition, log::Offset>{{0, 9}, {1, 3}}));
  EXPECT_EQ(complete.at("99999999").next, (std::map<log::Partition, log::Offset>{{0, 5}, {1, 0}}));
}

TEST_F(CompleteHours, DamagedMarkerIsNamed) {
  begin(0, 0);
  ASSERT_TRUE(store_.put_new(lake::Places().marker_key({kTopic, 0}, kStart), "{}", {}, "application/json"));
  const auto complete = lake_.complete_through();
  ASSERT_FALSE(complete);
  EXPECT_NE(complete.error().message.find("hour=22/t1a2b3c4d_p0.json"), std::string::npos)
      << complete.error().message;
}

TEST_F(CompleteHours, StatusTellsOpenAndCompleteHours) {
  begin(0, 0);
  begin(1, 0);
  for (int hour = 0; hour < 3; ++hour) close(0, hour, 10);
  close(1, 0, 1);
  const lake::ObjectKey key{UtcMillis(kStart + std::chrono::hours(5)), "1a2b3c4d", 1, 1,
                            lake::Compression::none};
  ASSERT_TRUE(store_.put_new(lake::format_key(key), "x\n", {}, "text/plain"));
  const auto hours = lake_.newest_hours(kTopic, 3).value();
  ASSERT_EQ(hours.size(), 3u);
  EXPECT_EQ(hours[0].hour, kStart + std::chrono::hours(1));
  EXPECT_FALSE(hours[0].complete);
  EXPECT_EQ(hours[0].partitions_closed, 1);
  EXPECT_EQ(hours[2].hour, kStart + std::chrono::hours(5));
  EXPECT_EQ(hours[2].partitions_closed, 0);
  EXPECT_TRUE(lake_.newest_hours(kTopic, 10).value()[0].complete);
}

}  // namespace
}  // namespace sdp::lake_reader
