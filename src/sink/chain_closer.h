#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "lake/hour_marker.h"
#include "lake_reader/lake_reader.h"
#include "log/topic.h"
#include "sink/hour_plan.h"
#include "store/object_store.h"

namespace sdp::sink {

/// What the sink knows of a partition when hours may be over.
struct CloseRequest {
  log::Partition partition = 0;
  lake::Hour through;                      ///< the last hour that is over
  std::optional<log::Offset> chain_end{};  ///< durable; nothing when not known
};

/// Writes the hour markers of one topic id (docs/decisions/0008-closed-hours.md). Owned by one thread.
///
/// The protocol of a request, and what is durable after each step:
///   1. Find the open hour: remembered from the last request, or behind the chain's newest marker. A chain
///      without a begin gets one by a create-only put; whoever wrote it first, that one holds. Durable: the
///      begin.
///   2. Plan: list the chain's objects from the hour before the open one on, and divide the offsets up to the
///      chain's end into hours (hour_plan.h). In a topic with producers' time stamps the objects are in any
///      folder, those of the future included. When the objects have not all of these offsets, list from the
///      lake's first hour and plan again: a clock that was further off filed objects in older folders, or
///      there is a gap.
///   3. Put the markers create-only, in order. After each of them its hour is closed, and never changes. When
///      somebody else's marker stands at another offset, theirs holds, and the rest waits for the next
///      request.
/// After an error the open hour is forgotten, since the remembered one may be its cause. Each step may be
/// repeated after a crash: markers are create-only, and hours are ranges of offsets, so that whoever writes a
/// marker, and whatever it knows, a closed hour is the same for all.
class ChainCloser {
 public:
  /// The lake and its store outlive this.
  ChainCloser(store::ObjectStore& store, const lake_reader::LakeReader& lake, log::TopicInfo topic)
      : store_(store), lake_(lake), topic_(std::move(topic)) {}

  /// The markers that stand for the hours now.
  Result<std::vector<lake::HourMarker>> close(const CloseRequest& request);
  /// How many partitions the topic has at least.
  void expect_partitions(log::Partition partitions) {
    topic_.partitions = std::max(topic_.partitions, partitions);
  }

 private:
  /// Markers that can be written, and whether the objects that were found have all of their offsets.
  struct Planned {
    std::vector<lake::HourMarker> markers;
    bool whole = true;
  };

  Result<std::vector<lake::HourMarker>> close_from(const CloseRequest& request);
  Result<OpenHour> find_or_begin(const CloseRequest& request);
  Result<OpenHour> begin(const CloseRequest& request);
  /// The first hour, not before `at_least`, that cannot have been complete without a partition that has no
  /// marker yet.
  Result<lake::Hour> hour_behind_others(log::Partition partition, lake::Hour at_least);
  /// Folders are those of producers' clocks, which prove nothing: only our clock does.
  bool by_own_clock() const { return topic_.timestamp_type == log::TimestampType::create_time; }
  Result<Planned> plan(const CloseRequest& request, const OpenHour& open, lake::Hour from);
  Result<std::vector<lake::HourMarker>> put_all(const std::vector<lake::HourMarker>& markers, OpenHour& open);
  Result<lake::HourMarker> put(const lake::HourMarker& marker);

  store::ObjectStore& store_;
  const lake_reader::LakeReader& lake_;
  log::TopicInfo topic_;
  std::map<log::Partition, OpenHour> open_;
};

}  // namespace sdp::sink
