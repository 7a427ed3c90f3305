#include "log/memory/group_state.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace sdp::log {
namespace {

using Partitions = std::vector<Partition>;

void poll(GroupState& group, MemberId member) {
  for (const Partition p : group.to_revoke(member)) group.revoked(member, p);
  for (const Partition p : group.to_assign(member)) group.assigned(member, p);
}

std::ptrdiff_t owned(const GroupState& group, Partition partitions, MemberId member) {
  std::ptrdiff_t count = 0;
  for (Partition p = 0; p < partitions; ++p) count += group.owner(p) == member;
  return count;
}

TEST(GroupState, FirstMemberGetsEverything) {
  GroupState group(3);
  group.join(7);
  EXPECT_EQ(group.to_assign(7), (Partitions{0, 1, 2}));
  EXPECT_TRUE(group.to_revoke(7).empty());
}

TEST(GroupState, APartitionMovesOnlyAfterItsOwnerGaveItUp) {
  GroupState group(4);
  group.join(1);
  poll(group, 1);
  group.join(2);
  EXPECT_TRUE(group.to_assign(2).empty());
  const auto moving = group.to_revoke(1);
  EXPECT_EQ(moving.size(), 2U);
  for (const Partition p : moving) group.revoked(1, p);
  EXPECT_EQ(group.to_assign(2), moving);
}

TEST(GroupState, WhatALeaverOwnedIsFreeAtOnce) {
  GroupState group(4);
  group.join(1);
  group.join(2);
  poll(group, 1);
  poll(group, 2);
  group.leave(1);
  EXPECT_EQ(group.to_assign(2).size(), 2U);
  poll(group, 2);
  EXPECT_EQ(owned(group, 4, 2), 4);
}

TEST(GroupState, AJoinMovesNoMoreThanItMust) {
  GroupState group(6);
  for (const MemberId member : {1, 2}) group.join(member);
  for (const MemberId member : {1, 2}) poll(group, member);
  group.join(3);
  EXPECT_EQ(group.to_revoke(1).size(), 1U);
  EXPECT_EQ(group.to_revoke(2).size(), 1U);
}

TEST(GroupState, WhateverHappenedPollsOfAllEndWithFairSharesAndNothingUnowned) {
  rc::check([] {
    const auto partitions = *rc::gen::inRange<Partition>(1, 13);
    GroupState group(partitions);
    MemberId next = 0;
    for (const int step : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 1000))) {
      const auto& members = group.members();
      if (members.empty() || (step % 4 == 0 && members.size() < 6)) {
        group.join(next++);
      } else if (step % 4 == 1) {
        group.leave(members[static_cast<std::size_t>(step) % members.size()]);
      } else {
        poll(group, members[static_cast<std::size_t>(step) % members.size()]);
      }
    }
    if (group.members().empty()) group.join(next++);
    const auto members = group.members();
    for (int round = 0; round < 2; ++round) {
      for (const MemberId member : members) poll(group, member);
    }
    const auto share = partitions / static_cast<std::ptrdiff_t>(members.size());
    std::ptrdiff_t total = 0;
    for (const MemberId member : members) {
      const auto count = owned(group, partitions, member);
      RC_ASSERT(count >= share);
      RC_ASSERT(count <= share + 1);
      total += count;
    }
    RC_ASSERT(total == partitions);
  });
}

}  // namespace
}  // namespace sdp::log
