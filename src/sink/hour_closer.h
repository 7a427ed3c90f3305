#pragma once

#include <map>
#include <optional>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"
#include "lake/hour_marker.h"
#include "lake_reader/lake_reader.h"
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
/// not wait for listings. Used by one thread.
///
/// The protocol of a request, and what is durable after each step:
///   1. Check that the topic still has our id. Chains of another life get no more records, and no marker.
///   2. Find the open hour: remembered from the last request, or behind the chain's newest marker. A chain
///      without a begin gets one by a create-only put; whoever wrote it first, that one holds. Durable: the
///      begin.
///   3. Plan: list the chain's objects from the hour before the open one on, and divide the offsets up to the
///      chain's end into hours (hour_plan.h). When the objects have not all of these offsets, list from the
///      lake's first hour and plan again: a clock that was further off filed objects in older folders, or
///      there is a gap.
///   4. Put the markers create-only, in order. After each of them its hour is closed, and never changes. When
///      somebody else's marker stands at another offset, theirs holds, and the rest waits for the next
///      request.
/// After an error the open hour is forgotten, since the remembered one may be its cause. Each step may be
/// repeated after a crash: markers are create-only, and hours are ranges of offsets, so that whoever writes a
/// marker, and whatever it knows, a closed hour is the same for all.
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
  /// Markers that can be written, and whether the objects that were found have all of their offsets.
  struct Planned {
    std::vector<lake::HourMarker> markers;
    bool whole = true;
  };

  Result<std::vector<lake::HourMarker>> close(const CloseRequest& request);
  Result<OpenHour> find_or_begin(const CloseRequest& request);
  Result<OpenHour> begin(const CloseRequest& request);
  /// The first hour, not before `at_least`, that cannot have been complete without a partition that has no
  /// marker yet.
  Result<lake::Hour> hour_behind_others(log::Partition partition, lake::Hour at_least);
  Result<Planned> plan(const CloseRequest& request, const OpenHour& open, lake::Hour from);
  Result<std::vector<lake::HourMarker>> put_all(const std::vector<lake::HourMarker>& markers, OpenHour& open);
  Result<lake::HourMarker> put(const lake::HourMarker& marker);

  log::EventLog& log_;
  store::ObjectStore& store_;
  const lake_reader::LakeReader lake_;
  log::TopicInfo topic_;
  std::map<log::Partition, OpenHour> open_;  // the thread's own
  base::BoundedQueue<CloseRequest> requests_{1'000};
  base::BoundedQueue<CloseResult> results_{1 << 16};
  std::jthread thread_;
};

}  // namespace sdp::sink
