#include "sink/hour_plan.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "base/sha256.h"

namespace sdp::sink {
namespace {

using std::chrono::hours;

const lake::Hour kStart = lake::parse_hour("2026-02-15T13").value_or(lake::Hour());

std::vector<lake_reader::ChainObject> objects(
    std::initializer_list<std::pair<log::Offset, int>> firsts_and_hours) {
  std::vector<lake_reader::ChainObject> result;
  for (const auto& [first, hour] : firsts_and_hours)
    result.push_back({fmt::format("o{}", first), first, kStart + hours(hour)});
  return result;
}

TEST(HourPlan, HoursEndWhereTheNextOnesFirstObjectStarts) {
  const auto plan =
      plan_closings({kStart, 0}, objects({{30, 2}, {0, 0}, {10, 0}, {20, 1}}), 40, kStart + hours(1));
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(plan[0].range, (lake::OffsetRange{0, 20}));
  EXPECT_EQ(plan[0].keys, (std::vector<std::string>{"o0", "o10"}));
  EXPECT_EQ(plan[1].range, (lake::OffsetRange{20, 30}));
}

TEST(HourPlan, LastHourEndsWithTheChain) {
  const auto plan = plan_closings({kStart, 0}, objects({{0, 0}}), 15, kStart + hours(2));
  ASSERT_EQ(plan.size(), 3u);
  EXPECT_EQ(plan[0].range, (lake::OffsetRange{0, 15}));
  EXPECT_EQ(plan[2].range, (lake::OffsetRange{15, 15}));
  EXPECT_TRUE(plan_closings({kStart, 0}, {}, 0, kStart - hours(1)).empty());
}

TEST(HourPlan, ObjectOfAClockThatWentBackIsOfTheHourBeforeIt) {
  const auto plan = plan_closings({kStart, 0}, objects({{0, 0}, {10, 1}, {20, 0}, {30, 1}, {40, 2}}), 50,
                                  kStart + hours(1));
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(plan[0].range, (lake::OffsetRange{0, 10}));
  EXPECT_EQ(plan[1].range, (lake::OffsetRange{10, 40}));
  EXPECT_EQ(plan[1].keys.size(), 3u);
}

TEST(HourPlan, LateObjectOfAClosedHourIsOfTheFirstOpenOne) {
  const auto plan =
      plan_closings({kStart + hours(3), 20}, objects({{0, 0}, {20, 1}, {30, 4}}), 40, kStart + hours(3));
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_EQ(plan[0].range, (lake::OffsetRange{20, 30}));
  EXPECT_EQ(plan[0].keys, std::vector<std::string>{"o20"});
}

TEST(HourPlan, LongAbsenceIsCaughtUpInSeveralGoes) {
  EXPECT_EQ(plan_closings({kStart, 0}, {}, 0, kStart + hours(10'000)).size(), kClosingsMax);
}

lake::ObjectMeta meta_of_range(log::Offset first, log::Offset end, std::int64_t rejected) {
  lake::ObjectMeta meta;
  meta.range = {first, end};
  meta.records = end - first;
  meta.rejected = rejected;
  meta.sha256 = fmt::format("{:064}", first);
  return meta;
}

TEST(HourPlan, HourIsWholeWhenItsObjectsHaveAllOfItsOffsets) {
  const Closing closing{kStart, {10, 30}, {"o10", "o20"}};
  EXPECT_TRUE(is_whole(closing, std::vector{meta_of_range(10, 20, 0), meta_of_range(20, 30, 0)}));
  EXPECT_FALSE(is_whole(closing, std::vector{meta_of_range(10, 20, 0)}));
  EXPECT_FALSE(is_whole(closing, std::vector{meta_of_range(10, 20, 0), meta_of_range(21, 30, 0)}));
  EXPECT_TRUE(is_whole({kStart, {10, 10}, {}}, {}));
}

TEST(HourPlan, MarkerCountsTheObjectsAndNamesThem) {
  const Closing closing{kStart, {10, 30}, {"o10", "o20"}};
  log::TopicInfo topic;
  topic.name = "spotify-events";
  topic.partitions = 2;
  const std::vector metas{meta_of_range(10, 20, 1), meta_of_range(20, 30, 2)};
  const lake::HourMarker marker = make_marker(topic, 1, closing, metas, lake::Places());
  EXPECT_EQ(marker.topic, "spotify-events");
  EXPECT_EQ(marker.chain, (lake::ChainId{topic.id, 1}));
  EXPECT_EQ(marker.partitions, 2);
  EXPECT_EQ(marker.hour, kStart);
  EXPECT_EQ(marker.range, closing.range);
  EXPECT_EQ(marker.objects, 2);
  EXPECT_EQ(marker.records, 20);
  EXPECT_EQ(marker.rejected, 3);
  EXPECT_EQ(marker.sha256,
            base::sha256_hex(fmt::format("o10 {}\no20 {}\n", metas[0].sha256, metas[1].sha256)));
  // A partition that the topic had not when it was last asked.
  EXPECT_EQ(make_marker(topic, 5, closing, metas, lake::Places()).partitions, 6);
}

TEST(HourPlan, FoldersOfProducersClocksPlayNoPart) {
  auto filed = objects({{0, 9'600}, {10, 0}, {20, -300'000}, {30, 1}, {40, 0}});
  file_by_clock(filed, kStart);
  const auto plan = plan_closings({kStart, 0}, filed, 50, kStart);
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_EQ(plan[0].range, (lake::OffsetRange{0, 30}));
  EXPECT_EQ(plan[0].keys, (std::vector<std::string>{"o0", "o10", "o20"}));
}

}  // namespace
}  // namespace sdp::sink
