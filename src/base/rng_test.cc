#include "base/rng.h"

#include <gtest/gtest.h>

#include <vector>

namespace sdp::base {
namespace {

TEST(Rng, SameSeedGivesTheSameStream) {
  Rng a(42), b(42);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(a.next(), b.next());
}

TEST(Rng, FirstNumbersNeverChangeBetweenVersions) {
  Rng rng(0);
  EXPECT_EQ(rng.next(), 11091344671253066420ULL);
  EXPECT_EQ(rng.next(), 13793997310169335082ULL);
}

TEST(Rng, BelowIsUniformAndInRange) {
  Rng rng(7);
  std::vector<int> counts(6);
  for (int i = 0; i < 60'000; ++i) ++counts.at(rng.below(6));
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
}

TEST(Rng, ForksAreIndependentOfLaterDraws) {
  Rng rng(1);
  Rng before = rng.fork(5);
  EXPECT_EQ(before.next(), Rng(1).fork(5).next());
  EXPECT_NE(Rng(1).fork(5).next(), Rng(1).fork(6).next());
}

}  // namespace
}  // namespace sdp::base
