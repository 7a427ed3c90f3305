#pragma once

#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"
#include "lake/hour_marker.h"
#include "lake/object_meta.h"
#include "log/event_log.h"
#include "sink/hour_plan.h"
#include "store/object_store.h"

namespace sdp::sink {

/// What the sink knows of a partition when hours may be over.
struct CloseRequest {
  log::Partition partition = 0;
  lake::Hour through;         ///< the last hour that is over
  log::Offset chain_end = 0;  ///< durable
};

/// What became of a request: the markers that stand for it, or why there are none yet.
struct CloseResult {
  CloseRequest request;
  Result<std::vector<lake::HourMarker>> closed;
};

/// Writes hour markers (docs/decisions/0008-closed-hours.md) on a thread of its own, so that the sink does
/// not wait for listings. Markers are create-only and hours are ranges of offsets, so whoever writes one, and
/// whatever it knows, an hour that is closed never changes. Used by one thread.
class HourCloser {
 public:
  /// Log and store outlive this.
  HourCloser(log::EventLog& log, store::ObjectStore& store, log::TopicInfo topic);
  ~HourCloser();
  HourCloser(const HourCloser&) = delete;
  HourCloser& operator=(const HourCloser&) = delete;

  /// Hours of a partition that is no longer ours may be closed all the same. Requests beyond a thousand that
  /// wait are dropped: the next hour brings another.
  void request(const CloseRequest& request);
  std::optional<CloseResult> next_result();

 private:
  struct Open {
    lake::Hour hour;     ///< the first that is not closed
    log::Offset at = 0;  ///< where it starts
  };

  /// Markers that can be written, and whether the objects that were found are all of their offsets.
  struct Planned {
    std::vector<lake::HourMarker> markers;
    bool whole = true;
  };

  Result<std::vector<lake::HourMarker>> close(const CloseRequest& request);
  Result<Planned> plan(const CloseRequest& request, const Open& open, lake::Hour from);
  Result<Open> find_open(const CloseRequest& request);
  Result<lake::ChainBegin> make_begin(const CloseRequest& request);
  Result<std::optional<lake::Hour>> first_hour_with_objects(const lake::ChainId& chain);
  /// The first hour that cannot have been complete without a partition that nobody closed an hour of yet.
  Result<lake::Hour> hour_behind_others(log::Partition partition, lake::Hour at_least);
  Result<std::vector<HourObject>> objects_of(const lake::ChainId& chain, lake::Hour from, lake::Hour through);
  Result<lake::ObjectMeta> meta_of(const std::string& key);
  /// `counted` grows by the offsets of the objects.
  Result<lake::HourMarker> describe(const lake::ChainId& chain, const Closing& closing, log::Offset& counted);
  Result<lake::HourMarker> put(const lake::HourMarker& marker);

  log::EventLog& log_;
  store::ObjectStore& store_;
  log::TopicInfo topic_;
  std::map<log::Partition, Open> open_;  // the thread's own
  base::BoundedQueue<CloseRequest> requests_{1'000};
  base::BoundedQueue<CloseResult> results_{1 << 16};
  std::jthread thread_;
};

}  // namespace sdp::sink
