#include "base/retry.h"

#include <gtest/gtest.h>

namespace sdp::base {
namespace {

using std::chrono::milliseconds;

TEST(Retry, StopsAtTheFirstSuccess) {
  ManualClock clock(UtcMillis{});
  int calls = 0;
  const auto result = with_retries(RetryPolicy{}, clock, Rng(1), [&]() -> Result<int> {
    if (++calls < 3) return fail(ErrorKind::retry, "busy");
    return calls;
  });
  EXPECT_EQ(*result, 3);
}

TEST(Retry, DoesNotRepeatWhatCannotGetBetter) {
  ManualClock clock(UtcMillis{});
  int calls = 0;
  const auto result = with_retries(RetryPolicy{}, clock, Rng(1), [&]() -> Result<int> {
    ++calls;
    return fail(ErrorKind::unauthorized, "no");
  });
  EXPECT_EQ(result.error().kind, ErrorKind::unauthorized);
  EXPECT_EQ(calls, 1);
}

TEST(Retry, GivesUpAfterTheLastAttemptAndSaysSo) {
  ManualClock clock(UtcMillis{});
  int calls = 0;
  const auto result = with_retries({.attempts_max = 4}, clock, Rng(1), [&]() -> Result<int> {
    ++calls;
    return fail(ErrorKind::retry, "busy");
  });
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(result.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(result.error().message, "busy (gave up after 4 attempts)");
}

TEST(Retry, NeverSleepsPastTheTotal) {
  ManualClock clock(UtcMillis{});
  const RetryPolicy policy{.attempts_max = 1000, .total_max = milliseconds(3000)};
  (void)with_retries(policy, clock, Rng(1), []() -> Result<int> { return fail(ErrorKind::retry, "busy"); });
  EXPECT_LE(clock.utc_now().time_since_epoch(), milliseconds(3000));
}

TEST(Backoff, GrowsWithJitterUpToTheLimit) {
  Backoff backoff({.attempts_max = 20, .total_max = milliseconds(1'000'000)}, SteadyTime{}, Rng(3));
  for (int i = 0; i < 19; ++i) {
    const auto ceiling = std::min<long long>(5'000, 100LL << std::min(i, 20));
    const auto delay = backoff.next_delay(SteadyTime{});
    ASSERT_TRUE(delay);
    EXPECT_GE(delay->count(), ceiling / 2);
    EXPECT_LE(delay->count(), ceiling);
  }
  EXPECT_FALSE(backoff.next_delay(SteadyTime{}));
}

TEST(TryUntil, EndsWithTheFirstSuccess) {
  ManualClock clock{UtcMillis{}};
  int calls = 0;
  EXPECT_TRUE(try_until(clock, milliseconds(100), milliseconds(10), [&] { return ++calls == 3; }));
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(clock.utc_now().time_since_epoch(), milliseconds(20));
}

TEST(TryUntil, GivesUpAfterTheLimitButTriesOnceInAnyCase) {
  ManualClock clock{UtcMillis{}};
  int calls = 0;
  EXPECT_FALSE(try_until(clock, milliseconds(100), milliseconds(30), [&] {
    ++calls;
    return false;
  }));
  EXPECT_EQ(calls, 5);  // at 0, 30, 60, 90 and, past the limit, 120 ms
  EXPECT_TRUE(try_until(clock, milliseconds(-1), milliseconds(30), [] { return true; }));
}

}  // namespace
}  // namespace sdp::base
