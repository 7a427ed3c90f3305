#pragma once

#include <chrono>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "base/rng.h"

namespace sdp::base {

/// How often and how long a `retry` error is tried again. Every limit holds: whichever is met first ends it.
struct RetryPolicy {
  int attempts_max = 8;
  std::chrono::milliseconds delay_first{100};
  std::chrono::milliseconds delay_max{5'000};
  std::chrono::milliseconds total_max{60'000};
};

/// Exponential back-off with full jitter (delay = uniform in [delay/2, delay]). Pure: the caller sleeps.
class Backoff {
 public:
  Backoff(const RetryPolicy& policy, SteadyTime start, Rng rng) : policy_(policy), start_(start), rng_(rng) {}

  /// The delay before the next attempt, or nothing when the policy is used up. Call once after each failure.
  std::optional<std::chrono::milliseconds> next_delay(SteadyTime now);
  int attempts() const { return attempts_; }

 private:
  RetryPolicy policy_;
  SteadyTime start_;
  Rng rng_;
  int attempts_ = 1;
};

/// Calls `f` until it succeeds, fails with another kind than `retry`, or the policy is used up; then the last
/// error comes back as `unavailable` with the number of attempts.
template <typename F>
auto with_retries(const RetryPolicy& policy, Clock& clock, Rng rng, F&& f) -> decltype(f()) {
  Backoff backoff(policy, clock.steady_now(), rng);
  for (;;) {
    auto result = f();
    if (result || result.error().kind != ErrorKind::retry) return result;
    const auto delay = backoff.next_delay(clock.steady_now());
    if (!delay) {
      return fail(ErrorKind::unavailable, result.error().message + " (gave up after " +
                                              std::to_string(backoff.attempts()) + " attempts)");
    }
    clock.sleep_for(*delay);
  }
}

/// Calls `is_done` until it is true or `limit` has passed, at least once, and sleeps for `pause` between two
/// calls. Whether it was true.
template <typename F>
bool try_until(Clock& clock, std::chrono::milliseconds limit, std::chrono::milliseconds pause, F&& is_done) {
  const SteadyTime deadline = clock.steady_now() + limit;
  while (!is_done()) {
    if (clock.steady_now() > deadline) return false;
    if (pause.count() > 0) clock.sleep_for(pause);
  }
  return true;
}

}  // namespace sdp::base
