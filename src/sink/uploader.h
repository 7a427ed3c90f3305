#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"
#include "base/clock.h"
#include "lake/compression.h"
#include "sink/batch.h"
#include "sink/commit_rule.h"
#include "sink/head_keeper.h"
#include "store/object_store.h"

namespace sdp::sink {

struct UploaderOptions {
  std::string topic;
  lake::Places places;
  lake::Compression compression = lake::Compression::none;
  std::string writer;
  int threads = 4;
  HeadKeeper* heads = nullptr;  ///< is told what becomes durable
};

/// What became of one batch.
struct UploadResult {
  log::Partition partition = 0;
  std::uint64_t generation = 0;
  lake::OffsetRange range;
  std::int64_t records = 0;
  std::int64_t rejected = 0;
  std::map<lake::RejectCode, std::int64_t> rejected_codes{};
  UtcMillis first_timestamp;
  CutReason reason = CutReason::records;
  std::string key;
  std::size_t body_bytes = 0;
  std::string buffer;   ///< what the lines stood in, for those of a later batch
  SteadyTime asked_at;  ///< when start() was called
  std::chrono::milliseconds took{0};
  Result<CommitOutcome> outcome = CommitOutcome(Committed{});
  /// Where the chain goes on after an Adopted outcome: the winner's end.
  log::Offset chain_end = 0;
};

/// Compresses, hashes and commits batches on worker threads. Used by one thread; the workers are its own.
class Uploader {
 public:
  Uploader(store::ObjectStore& store, Clock& clock, UploaderOptions options);
  ~Uploader();
  Uploader(const Uploader&) = delete;
  Uploader& operator=(const Uploader&) = delete;

  void start(Batch batch);
  /// The next finished upload, waiting up to `timeout`.
  std::optional<UploadResult> next_result(std::chrono::milliseconds timeout);
  std::size_t in_flight() const { return asked_at_.size(); }
  /// When the upload was asked for that has been in flight the longest; nothing when none is.
  std::optional<SteadyTime> oldest() const;

 private:
  struct Work {
    Batch batch;
    SteadyTime asked_at;
  };

  UploadResult upload(Work work);
  Result<CommitOutcome> commit(const Batch& batch, UploadResult& result);

  store::ObjectStore& store_;
  Clock& clock_;
  const UploaderOptions options_;
  // A partition has at most one upload in flight, so partitions bound both queues; the numbers are a
  // backstop.
  base::BoundedQueue<Work> work_{1 << 16};
  base::BoundedQueue<UploadResult> results_{1 << 16};
  std::multiset<SteadyTime> asked_at_;  ///< of those in flight
  std::vector<std::jthread> threads_;
};

}  // namespace sdp::sink
