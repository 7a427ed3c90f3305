#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/result.h"

namespace sdp::base {

/// Calls `task(i, worker)` for every i in [0, count) from `threads` threads, in ascending order of starting;
/// `worker` in [0, threads) is the thread's number. Returns the first error; tasks which have not started by
/// then do not start.
inline Result<void> in_parallel(int threads, std::size_t count,
                                const std::function<Result<void>(std::size_t, int)>& task) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::optional<Error> first;
  const auto work = [&](int worker) {
    for (std::size_t i = next++; i < count; i = next++) {
      if (auto done = task(i, worker); !done) {
        std::lock_guard lock(mutex);
        if (!first) first = std::move(done).error();
        next = count;
      }
    }
  };
  {
    std::vector<std::jthread> workers;
    const auto wanted = std::min<std::size_t>(static_cast<std::size_t>(std::max(threads, 1)), count);
    for (std::size_t i = 1; i < wanted; ++i) workers.emplace_back(work, static_cast<int>(i));
    work(0);
  }
  if (first) return std::unexpected(*std::move(first));
  return {};
}

}  // namespace sdp::base
