#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "load/staged_object.h"

namespace sdp::load {

/// Fetches objects ahead of the one who loads them, on a few threads, and hands them over in order. At most
/// `ahead_max` objects are in memory. Used by one thread.
class Prefetcher {
 public:
  Prefetcher(store::ObjectStore& store, std::span<const PlannedObject> objects, int threads, std::size_t ahead_max);
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// The next object in order; nothing after the last.
  std::optional<Result<warehouse::StagedObject>> next();

 private:
  void work();
  /// The index to fetch next, or nothing when all are taken or it is over.
  std::optional<std::size_t> take();

  store::ObjectStore& store_;
  const std::span<const PlannedObject> objects_;
  const std::size_t ahead_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::optional<Result<warehouse::StagedObject>>> fetched_;  // guarded by mutex_
  std::size_t taken_ = 0;                                                // guarded by mutex_
  std::size_t handed_over_ = 0;                                          // guarded by mutex_
  bool over_ = false;                                                    // guarded by mutex_
  std::vector<std::jthread> threads_;
};

}  // namespace sdp::load
