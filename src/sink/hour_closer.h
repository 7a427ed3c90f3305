#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"
#include "lake/hour_marker.h"
#include "lake_reader/lake_reader.h"
#include "log/event_log.h"
#include "sink/chain_closer.h"
#include "store/object_store.h"

namespace sdp::sink {

/// What became of a request: the markers that stand for it, or why there are none yet.
struct CloseResult {
  CloseRequest request;
  Result<std::vector<lake::HourMarker>> closed;
};

/// Closes hours (chain_closer.h) on a thread of its own, so that the sink does not wait for listings. Used by
/// one thread.
///
/// The requests that wait are served together:
///   1. Check that the topic still has our id. Chains of another life get no more records, and no marker
///      from us.
///   2. For the first partition: a topic that was deleted and created again left the last hours of its
///      earlier lives open, and nobody writes there any more. Close them up to the last hour of theirs that
///      has an object, when it is over; all partitions of a life, since an hour is complete with all of them.
///      Once that leaves nothing open it is not done again. A failure is logged, and tried with the next
///      request.
///   3. Close the hours of each request's chain: kChainsAtATime chains side by side, the requests of one in
///      their order.
class HourCloser {
 public:
  static constexpr std::size_t kRequestsMax = 1'000;
  static constexpr int kChainsAtATime = 4;

  /// Log and store, which is the lake's, outlive this.
  HourCloser(log::EventLog& log, store::ObjectStore& store, const lake_reader::LakeReader& lake,
             log::TopicInfo topic);
  ~HourCloser();
  HourCloser(const HourCloser&) = delete;
  HourCloser& operator=(const HourCloser&) = delete;

  /// Hours of a partition that is no longer ours may be closed all the same. Requests beyond kRequestsMax
  /// that wait are dropped: the next hour brings another.
  void request(const CloseRequest& request);
  std::optional<CloseResult> next_result();
  /// Whether a request was taken whose result was not.
  bool works() const { return open_requests_ > 0; }

 private:
  void serve(const std::stop_token& stop);
  void close_all(const std::vector<CloseRequest>& requests, const std::stop_token& stop);
  /// Steps 1 and 2. False when the topic has another id.
  Result<bool> prepare(const std::vector<CloseRequest>& requests);
  /// Whether no life has an open hour any more.
  Result<bool> close_past_lives(lake::Hour through);
  Result<bool> close_past_life(const lake_reader::PastLife& life, lake::Hour through);

  log::EventLog& log_;
  store::ObjectStore& store_;
  const lake_reader::LakeReader lake_;
  const log::TopicInfo topic_;
  std::map<log::Partition, ChainCloser> chains_;  // the thread's own, like the next
  bool past_lives_closed_ = false;
  std::size_t open_requests_ = 0;  // the caller's, like the rest of its side
  base::BoundedQueue<CloseRequest> requests_{kRequestsMax};
  base::BoundedQueue<CloseResult> results_{1 << 16};
  std::jthread thread_;
};

}  // namespace sdp::sink
