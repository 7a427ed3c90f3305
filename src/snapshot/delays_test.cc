#include "snapshot/delays.h"

#include <gtest/gtest.h>

namespace sdp::snapshot {
namespace {

TEST(Delays, AreThoseOfAllRecordsFromTheirTimeInTheLogToEachStage) {
  // 100 records a second, from 0 s to 10 s; loaded at 12 s, in the marts at 15 s, published at 16 s.
  const BatchObject object{1'000, 1'000'000, 1'010'000, 1'012'000, 1'015'000};
  const auto delays = delays_of(std::span(&object, 1), 1'016'000);
  ASSERT_EQ(delays.size(), 3U);
  EXPECT_EQ(delays[0].to, "bronze");
  EXPECT_NEAR(delays[0].p50, 7, 0.4);
  EXPECT_NEAR(delays[0].p99, 11.9, 0.4);
  EXPECT_EQ(delays[1].to, "marts");
  EXPECT_NEAR(delays[1].p50, 10, 0.4);
  EXPECT_EQ(delays[2].to, "published");
  EXPECT_NEAR(delays[2].p99, 15.9, 0.4);
}

TEST(Delays, AnObjectCountsByItsRecords) {
  const std::vector<BatchObject> objects{{990, 1'000, 1'000, 2'000, 2'000},
                                         {10, 1'000, 1'000, 60'000, 60'000}};
  auto delays = delays_of(objects, 60'000);
  ASSERT_EQ(delays.size(), 3U);
  EXPECT_EQ(delays[0].p50, 1);
  EXPECT_EQ(delays[0].p99, 1);
  const std::vector<BatchObject> more{objects[0], {30, 1'000, 1'000, 60'000, 60'000}};
  EXPECT_EQ(delays_of(more, 60'000)[0].p99, 59);
}

TEST(Delays, WhatHasNoTimeCountsForNothing) {
  EXPECT_TRUE(delays_of({}, 1).empty());
  const std::vector<BatchObject> objects{
      {5, -1, -1, 10, 10}, {0, 1'000, 1'000, 2'000, 2'000}, {5, 9'000, 8'000, 1, 1}};
  EXPECT_TRUE(delays_of(objects, 10'000).empty());
}

TEST(Delays, ARecordOfTheFutureIsThereAtOnce) {
  const BatchObject object{10, 50'000, 50'000, 2'000, 3'000};
  EXPECT_EQ(delays_of(std::span(&object, 1), 4'000)[0].p99, 0);
}

}  // namespace
}  // namespace sdp::snapshot
