#include "repair/repair_plan.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

namespace sdp::repair {
namespace {

using lake::OffsetRange;

const log::TopicId kTopic = *base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000");

RepairFacts object(log::Offset first, std::optional<log::Offset> end,
                   const std::vector<OffsetRange>& others) {
  RepairFacts facts;
  facts.object_key = "object";
  facts.place = {.first_timestamp = {}, .topic_id_short = "1a2b3c4d", .partition = 3, .first = first};
  if (end) {
    facts.meta.emplace();
    facts.meta->chain = {kTopic, 3};
    facts.meta->range = {first, *end};
  }
  for (const OffsetRange& range : others) facts.others.push_back({"other", range});
  return facts;
}

TEST(RepairPlan, AnObjectOfTheMiddleKeepsItsPlaceAndLeavesAHole) {
  const auto plan = plan_repair(object(10, 20, {{0, 10}, {20, 30}}));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->range, (OffsetRange{10, 20}));
  EXPECT_EQ(plan->next, 20);
  EXPECT_EQ(plan->missing, (std::vector<OffsetRange>{{10, 20}}));
  EXPECT_FALSE(plan->moves_end);
  EXPECT_TRUE(plan->covering.empty());
}

TEST(RepairPlan, TheLastObjectKeepsItsPlaceSinceNoOtherCanHaveIt) {
  const auto plan = plan_repair(object(10, 20, {{0, 10}}));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->next, 20);
  EXPECT_EQ(plan->missing, (std::vector<OffsetRange>{{10, 20}}));
  EXPECT_FALSE(plan->moves_end);
}

TEST(RepairPlan, WhatOthersHaveIsNotMissing) {
  const auto plan = plan_repair(object(15, 25, {{0, 10}, {10, 20}, {20, 30}}));
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->missing.empty());
  EXPECT_EQ(plan->covering.size(), 2U);
  EXPECT_EQ(plan->next, 20) << "where the next object starts";
  EXPECT_FALSE(plan->moves_end);
}

TEST(RepairPlan, AStrayObjectAtTheEndLetsTheChainEndWhereItDidBefore) {
  const auto plan = plan_repair(object(25, 60, {{0, 10}, {10, 40}}));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->next, 25) << "its place is free";
  EXPECT_TRUE(plan->missing.empty());
  EXPECT_EQ(plan->fetched, (OffsetRange{40, 60}));
  EXPECT_TRUE(plan->moves_end);
}

TEST(RepairPlan, WhatIsBehindTheEndOfTheChainIsFetchedAnyway) {
  const auto plan = plan_repair(object(15, 60, {{0, 10}, {10, 20}, {20, 30}}));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->next, 20);
  EXPECT_TRUE(plan->missing.empty());
  EXPECT_EQ(plan->fetched, (OffsetRange{30, 60}));
  EXPECT_FALSE(plan->moves_end) << "the chain ended there all the time";
}

TEST(RepairPlan, AStrayObjectInsideTheLastOneMovesNothing) {
  const auto plan = plan_repair(object(25, 30, {{0, 10}, {10, 40}}));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->next, 25);
  EXPECT_TRUE(plan->missing.empty());
  EXPECT_FALSE(plan->moves_end);
}

TEST(RepairPlan, AClosedHourNeverChanges) {
  RepairFacts facts = object(25, 60, {{0, 10}, {10, 40}});
  facts.closed_to = 41;
  const auto plan = plan_repair(facts);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->next, 60) << "the chain ends where it did";
  EXPECT_EQ(plan->missing, (std::vector<OffsetRange>{{40, 60}}));
  EXPECT_FALSE(plan->moves_end);
  facts.closed_to = 40;
  EXPECT_TRUE(plan_repair(facts)->moves_end);
}

TEST(RepairPlan, WithoutMetadataTheNextObjectTellsTheEnd) {
  RepairFacts facts = object(10, std::nullopt, {{0, 10}, {20, 30}});
  facts.lines_end = 19;
  const auto plan = plan_repair(facts);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->range, (OffsetRange{10, 20}));
}

TEST(RepairPlan, AtTheEndOfAChainItsLinesTell) {
  RepairFacts facts = object(10, std::nullopt, {{0, 10}});
  EXPECT_EQ(plan_repair(facts).error().kind, ErrorKind::misconfigured);
  facts.lines_end = 10;
  EXPECT_FALSE(plan_repair(facts)) << "lines of something else";
  facts.lines_end = 19;
  EXPECT_EQ(plan_repair(facts)->range, (OffsetRange{10, 19}));
}

TEST(RepairPlan, MetadataOfAnotherPlaceTellNothing) {
  RepairFacts facts = object(10, 1000, {{0, 10}, {20, 30}});
  facts.meta->range.first = 11;
  EXPECT_EQ(plan_repair(facts)->range.end, 20);
  facts = object(10, 1000, {{0, 10}, {20, 30}});
  facts.meta->chain.partition = 4;
  EXPECT_EQ(plan_repair(facts)->range.end, 20);
}

RC_GTEST_PROP(RepairPlanProperty, EachOffsetIsMissingOrFetchedAgainOrOfAnotherObject, ()) {
  std::vector<OffsetRange> others;
  const auto count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; ++i) {
    const log::Offset from = *rc::gen::inRange(0, 40);
    others.push_back({from, from + *rc::gen::inRange(1, 20)});
  }
  const log::Offset first = *rc::gen::inRange(0, 40);
  const log::Offset end = first + *rc::gen::inRange(1, 20);
  RepairFacts facts = object(first, end, others);
  facts.closed_to = *rc::gen::inRange(0, 60);
  const auto plan = plan_repair(facts);
  RC_ASSERT(plan.has_value());
  std::multiset<log::Offset> told;
  const auto tell = [&](OffsetRange range) {
    for (log::Offset at = range.first; at < range.end; ++at) told.insert(at);
  };
  for (const OffsetRange& range : plan->missing) tell(range);
  if (plan->fetched) tell(*plan->fetched);
  for (log::Offset at = first; at < end; ++at) {
    const bool has_other = std::ranges::any_of(
        others, [&](const OffsetRange& range) { return range.first <= at && at < range.end; });
    RC_ASSERT(told.count(at) == (has_other ? 0U : 1U));
  }
  RC_ASSERT(plan->next >= first);
  RC_ASSERT(plan->next <= end);
  RC_ASSERT(std::ranges::all_of(told, [&](log::Offset at) { return first <= at && at < end; }));
}

}  // namespace
}  // namespace sdp::repair
