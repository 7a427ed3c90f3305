#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "base/check.h"

namespace sdp::base {

/// First-in-first-out hand-over between threads with a limit: push blocks when full, pop blocks when empty.
/// After close, push is refused and pop drains what is left. Thread-safe.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) { SDP_ASSERT(capacity > 0); }

  /// False when the queue was closed; the value is then dropped.
  bool push(T value) {
    std::unique_lock lock(mutex_);
    can_push_.wait(lock, [&] { return items_.size() < capacity_ || closed_; });
    if (closed_) return false;
    items_.push_back(std::move(value));
    can_pop_.notify_one();
    return true;
  }

  /// Nothing when the queue is closed and empty.
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    can_pop_.wait(lock, [&] { return !items_.empty() || closed_; });
    return take(lock);
  }

  std::optional<T> try_pop() {
    std::unique_lock lock(mutex_);
    return take(lock);
  }

  std::optional<T> pop_for(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    can_pop_.wait_for(lock, timeout, [&] { return !items_.empty() || closed_; });
    return take(lock);
  }

  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    can_push_.notify_all();
    can_pop_.notify_all();
  }

  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  std::optional<T> take(std::unique_lock<std::mutex>&) {
    if (items_.empty()) return std::nullopt;
    std::optional<T> value(std::move(items_.front()));
    items_.pop_front();
    can_push_.notify_one();
    return value;
  }

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable can_push_;
  std::condition_variable can_pop_;
  std::deque<T> items_;
  bool closed_ = false;
};

}  // namespace sdp::base
