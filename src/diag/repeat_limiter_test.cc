#include "diag/repeat_limiter.h"

#include <gtest/gtest.h>

namespace sdp::diag {
namespace {

using std::chrono::seconds;

RepeatKey key_of(std::int64_t partition) {
  return {.event = 1, .topic = "t", .partition = partition, .object = {}};
}

TEST(RepeatLimiter, AdmitsOnceInAWindowAndCountsTheOthers) {
  RepeatLimiter limiter;
  const SteadyTime start{};
  EXPECT_TRUE(limiter.admit(key_of(0), seconds(10), start));
  EXPECT_FALSE(limiter.admit(key_of(0), seconds(10), start));
  EXPECT_FALSE(limiter.admit(key_of(0), seconds(10), start + seconds(9)));
  EXPECT_TRUE(limiter.take_expired(start + seconds(9)).empty());
  const auto expired = limiter.take_expired(start + seconds(10));
  ASSERT_EQ(expired.size(), 1u);
  EXPECT_EQ(expired[0].key, key_of(0));
  EXPECT_EQ(expired[0].count, 2u);
  EXPECT_TRUE(limiter.admit(key_of(0), seconds(10), start + seconds(10)));
}

TEST(RepeatLimiter, KeysAreLimitedApart) {
  RepeatLimiter limiter;
  EXPECT_TRUE(limiter.admit(key_of(0), seconds(10), {}));
  EXPECT_TRUE(limiter.admit(key_of(1), seconds(10), {}));
  EXPECT_FALSE(limiter.admit(key_of(1), seconds(10), {}));
  const auto all = limiter.take_all();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].key, key_of(1));
}

TEST(RepeatLimiter, WindowWithoutRepeatsHasNoCount) {
  RepeatLimiter limiter;
  EXPECT_TRUE(limiter.admit(key_of(0), seconds(10), {}));
  EXPECT_TRUE(limiter.take_all().empty());
  EXPECT_TRUE(limiter.admit(key_of(0), seconds(10), {}));
}

TEST(RepeatLimiter, RemembersABoundedNumberOfKeysAndLosesNoLine) {
  RepeatLimiter limiter;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(RepeatLimiter::kKeysMax); ++i)
    ASSERT_TRUE(limiter.admit(key_of(i), seconds(10), {}));
  EXPECT_TRUE(limiter.admit(key_of(-1), seconds(10), {}));
  EXPECT_TRUE(limiter.admit(key_of(-1), seconds(10), {}));
  EXPECT_FALSE(limiter.admit(key_of(0), seconds(10), {}));
}

}  // namespace
}  // namespace sdp::diag
