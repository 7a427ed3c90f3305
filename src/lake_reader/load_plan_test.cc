#include "lake_reader/load_plan.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace sdp::lake_reader {
namespace {

std::string key(std::string_view id, log::Partition partition, log::Offset first) {
  return lake::format_key({.first_timestamp = UtcMillis(std::chrono::seconds(1'771'000'000 + first)),
                           .topic_id_short = std::string(id),
                           .partition = partition,
                           .first = first});
}

TEST(LoadPlan, GroupsByChainAndSortsByOffset) {
  const std::vector<store::ListedObject> listing = {
      {key("aaaaaaaa", 1, 20), 1}, {key("aaaaaaaa", 0, 0), 1}, {key("aaaaaaaa", 1, 3), 1}};
  const LoadPlan plan = plan_load(listing, {});
  ASSERT_EQ(plan.chains.size(), 2u);
  EXPECT_EQ(plan.chains[1].objects.front().place.first, 3);
  EXPECT_EQ(plan.chains[1].objects.back().place.first, 20);
}

TEST(LoadPlan, RecreatedTopicIsAChainOfItsOwn) {
  const std::vector<store::ListedObject> listing = {{key("aaaaaaaa", 0, 0), 1}, {key("bbbbbbbb", 0, 0), 1}};
  EXPECT_EQ(plan_load(listing, {}).chains.size(), 2u);
}

TEST(LoadPlan, LeavesOutWhatTheLedgerHasAndWhatIsTheLakesOwn) {
  const std::vector<store::ListedObject> listing = {
      {key("aaaaaaaa", 0, 0), 1},
      {key("aaaaaaaa", 0, 9), 1},
      {"bronze/_lake.json", 1},
      {"bronze/_gaps/taaaaaaaa_p0_o00000000000000000000.json", 1}};
  const LoadPlan plan = plan_load(listing, {key("aaaaaaaa", 0, 0)});
  EXPECT_EQ(plan.loaded_already, 1u);
  ASSERT_EQ(plan.chains.size(), 1u);
  EXPECT_EQ(plan.chains[0].objects.size(), 1u);
  EXPECT_TRUE(plan.foreign.empty());
}

TEST(LoadPlan, NamesForeignObjects) {
  const std::vector<store::ListedObject> listing = {{"bronze/date=2026-02-15/hour=17/notes.txt", 1}};
  EXPECT_EQ(plan_load(listing, {}).foreign,
            std::vector<std::string>{"bronze/date=2026-02-15/hour=17/notes.txt"});
}

RC_GTEST_PROP(LoadPlan, IsTheSameForEveryOrderOfTheListing, ()) {
  std::vector<store::ListedObject> listing;
  for (const int offset : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 1'000))) {
    listing.push_back({key("aaaaaaaa", offset % 3, offset), 1});
  }
  std::ranges::sort(listing);
  const LoadPlan sorted = plan_load(listing, {});
  Rng rng(*rc::gen::arbitrary<std::uint64_t>());
  for (std::size_t i = listing.size(); i > 1; --i) std::swap(listing[i - 1], listing[rng.below(i)]);
  RC_ASSERT(plan_load(listing, {}) == sorted);
}

}  // namespace
}  // namespace sdp::lake_reader
