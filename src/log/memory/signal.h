#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "base/clock.h"

namespace sdp::log {

/// Wakes threads that wait for a state guarded elsewhere. notify() costs next to nothing while nobody waits.
/// The order that keeps wake-ups from being lost: the waiter counts itself, then looks at the state under the
/// state's own lock; the notifier changes the state under that lock, then looks at the count. Do not hold
/// that lock here.
class Signal {
 public:
  /// True when `done()` became true before the deadline.
  template <typename Done>
  bool wait_until(SteadyTime deadline, Done&& done) {
    std::unique_lock lock(mutex_);
    ++waiting_;
    const bool met = changed_.wait_until(lock, deadline, done);
    --waiting_;
    return met;
  }

  void notify() {
    if (waiting_ == 0) return;
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  }

 private:
  std::atomic<int> waiting_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace sdp::log
