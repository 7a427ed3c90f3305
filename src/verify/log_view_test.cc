#include "verify/log_view.h"

#include <gtest/gtest.h>

namespace sdp::verify {
namespace {

/// Offsets 10 to 29: records at 10 and 19, batches that cannot be read at [12, 15) and [15, 16).
LogChain chain() {
  LogChain chain(10, 30);
  RecordBudget budget(100);
  EXPECT_TRUE(chain.add(10, {{1, 1}, 5}, budget));
  EXPECT_TRUE(chain.add_unreadable({12, 15}, budget));
  EXPECT_TRUE(chain.add_unreadable({15, 16}, budget));
  EXPECT_TRUE(chain.add(19, {{2, 2}, 5}, budget));
  return chain;
}

TEST(LogChain, KnowsTheBatchAroundAnOffset) {
  const LogChain log = chain();
  EXPECT_EQ(log.records, 4U);
  EXPECT_EQ(log.unreadable_at(11), std::nullopt);
  EXPECT_EQ(log.unreadable_at(12), (lake::OffsetRange{12, 15}));
  EXPECT_EQ(log.unreadable_at(14), (lake::OffsetRange{12, 15}));
  EXPECT_EQ(log.unreadable_at(15), (lake::OffsetRange{15, 16}));
  EXPECT_EQ(log.unreadable_at(16), std::nullopt);
  EXPECT_EQ(log.find(13), nullptr);
  for (const log::Offset offset : {10, 12, 13, 14, 15, 19}) EXPECT_TRUE(log.has(offset)) << offset;
  for (const log::Offset offset : {9, 11, 16, 18, 20, 30}) EXPECT_FALSE(log.has(offset)) << offset;
}

TEST(LogChain, WhatCannotBeReadIsNextToo) {
  const LogChain log = chain();
  EXPECT_EQ(log.next_record(0), 10);
  EXPECT_EQ(log.next_record(11), 12);
  EXPECT_EQ(log.next_record(14), 14);
  EXPECT_EQ(log.next_record(16), 19);
  EXPECT_EQ(log.next_record(20), 30);
}

TEST(LogChain, TheEndMayBeABatchThatCannotBeRead) {
  LogChain log(0, 8);
  RecordBudget budget(100);
  ASSERT_TRUE(log.add_unreadable({3, 8}, budget));
  EXPECT_EQ(log.next_record(0), 3);
  EXPECT_EQ(log.next_record(5), 5);
  EXPECT_EQ(log.next_record(8), 8);
}

}  // namespace
}  // namespace sdp::verify
