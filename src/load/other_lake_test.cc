#include "load/other_lake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdp::load {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kOurs = "0a000000";
constexpr const char* kOthers = "0b000000";

/// A ledger with chains of the topics whose ids begin with these bytes.
std::vector<warehouse::LoadedChain> ledger(std::initializer_list<std::uint8_t> ids) {
  std::vector<warehouse::LoadedChain> chains;
  for (const std::uint8_t id : ids) {
    warehouse::LoadedChain chain;
    chain.chain.topic_id.bytes[0] = id;
    chains.push_back(chain);
  }
  return chains;
}

lake_reader::LoadPlan plan(std::initializer_list<const char*> topics, std::uint64_t loaded_already = 0) {
  lake_reader::LoadPlan plan;
  for (const char* id : topics) plan.chains.push_back({id, 0, {}});
  plan.loaded_already = loaded_already;
  return plan;
}

TEST(OtherLake, AnEmptyWarehouseTakesAnyLake) {
  EXPECT_TRUE(check_lake(plan({kOurs}), {}, {}));
}

TEST(OtherLake, ALakeOfOneKnownTopicIsTheSameLake) {
  EXPECT_TRUE(check_lake(plan({kOurs}), ledger({0x0a}), {}));
  // The topic was created again: its id is another.
  EXPECT_TRUE(check_lake(plan({kOthers, kOurs}), ledger({0x0a}), {}));
}

TEST(OtherLake, ALakeOfWhichSomethingWasLoadedIsTheSameLake) {
  EXPECT_TRUE(check_lake(plan({kOthers}, 1), ledger({0x0a}), {}));
}

TEST(OtherLake, NothingToLoadIsNoLake) {
  EXPECT_TRUE(check_lake(plan({}), ledger({0x0a}), {}));
}

TEST(OtherLake, AnotherLakeIsRefusedAndBothAreNamed) {
  const auto checked = check_lake(plan({kOthers}), ledger({0x0a}), {});
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(checked.error().message, AllOf(HasSubstr(kOurs), HasSubstr(kOthers), HasSubstr("--add-lake")));
}

TEST(OtherLake, AStageFolderIsOfTheLakeThatItWasFilledFrom) {
  EXPECT_TRUE(check_lake(plan({kOthers}), ledger({0x0a}), {kOurs}));
  EXPECT_FALSE(check_lake(plan({kOthers}), ledger({0x0a}), {"0c000000"}));
}

TEST(OtherLake, ManyTopicsAreCounted) {
  const auto checked = check_lake(plan({kOthers}), ledger({1, 2, 3, 4, 5, 6, 7}), {});
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("05000000 and 2 more"));
}

}  // namespace
}  // namespace sdp::load
