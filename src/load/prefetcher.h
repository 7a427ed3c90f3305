#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "load/fetch_object.h"

namespace sdp::load {

/// What may be in memory ahead of the one who loads: no object is begun while either is reached. What is in
/// hand may so be one object for each thread more than `bytes`.
struct FetchLimits {
  int threads = 3;
  std::size_t objects = 8;
  std::size_t bytes = std::size_t{32} << 20;  ///< lines when fetched, the stored size before
};

/// Fetches objects ahead of the one who loads them, on a few threads, and hands them over in order. Used by
/// one thread.
class Prefetcher {
 public:
  /// `objects` outlives this.
  Prefetcher(store::ObjectStore& store, std::span<const PlannedObject> objects, FetchLimits limits);
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// Object `index`; indices ascend from call to call, and objects that are left out are not fetched from
  /// then on.
  Result<warehouse::FetchedObject> get(std::size_t index);

 private:
  struct Slot {
    std::optional<Result<warehouse::FetchedObject>> object;  ///< nothing while it is on its way
    std::uint64_t bytes = 0;
  };

  void work();
  /// The index to fetch next, or nothing when all are taken or it is over.
  std::optional<std::size_t> take();
  void put(std::size_t index, Result<warehouse::FetchedObject> object);
  bool is_full() const;
  void drop_before(std::size_t index);

  store::ObjectStore& store_;
  const std::span<const PlannedObject> objects_;
  const FetchLimits limits_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::size_t, Slot> slots_;  // guarded by mutex_: taken and not handed over
  std::uint64_t bytes_ = 0;            // guarded by mutex_: of all slots
  std::size_t next_ = 0;               // guarded by mutex_: the lowest index that nobody took
  bool over_ = false;                  // guarded by mutex_
  std::vector<std::jthread> threads_;
};

}  // namespace sdp::load
