#pragma once

#include <chrono>

namespace sdp::base {

/// UTC, milliseconds since 1970-01-01: the unit of every persisted time.
using UtcMillis = std::chrono::sys_time<std::chrono::milliseconds>;
/// For durations and deadlines; never persisted.
using SteadyTime = std::chrono::steady_clock::time_point;

/// Time as a parameter. Implementations may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual UtcMillis utc_now() const = 0;
  virtual SteadyTime steady_now() const = 0;
  virtual void sleep_for(std::chrono::milliseconds duration) = 0;
};

/// The machine's clocks. One instance, no state.
Clock& system_clock();

/// A clock that moves only when told to; sleeping moves it. Not thread-safe: for single-threaded tests.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(UtcMillis start) : utc_(start) {}

  UtcMillis utc_now() const override { return utc_; }
  SteadyTime steady_now() const override { return steady_; }
  void sleep_for(std::chrono::milliseconds duration) override { advance(duration); }
  void advance(std::chrono::milliseconds duration) {
    utc_ += duration;
    steady_ += duration;
  }

 private:
  UtcMillis utc_;
  SteadyTime steady_{};
};

}  // namespace sdp::base

namespace sdp {
using base::Clock;
using base::SteadyTime;
using base::UtcMillis;
}  // namespace sdp
