#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>

#include "base/clock.h"
#include "lake/hour_marker.h"
#include "log/topic.h"
#include "sink/sink_timers.h"

namespace sdp::sink {

// The decisions of the loop about time, beside SinkState, which decides about records. Pure: the loop asks,
// carries out and tells what came of it; the same inputs give the same answers.

/// How long the log has been out of reach, and when that is too long.
class OutageClock {
 public:
  explicit OutageClock(std::chrono::milliseconds max) : max_(max) {}

  enum class Failure {
    begun,     ///< the first of an outage
    lasting,   ///< one more
    exceeded,  ///< the log was out of reach for longer than `max`
  };
  Failure failed(SteadyTime now);
  /// How long the outage was that ends with this answer; nothing when there was none.
  std::optional<std::chrono::milliseconds> answered(SteadyTime now);
  /// Since the outage began; 0 when there is none.
  std::chrono::milliseconds lasts(SteadyTime now) const;

 private:
  std::chrono::milliseconds max_;
  std::optional<SteadyTime> since_;
};

/// When a sink that is to stop when it is caught up may stop. Each partition has an end that was asked for
/// after the stop was wanted, and what lies below it must be in the lake: by us for our own partitions, by
/// their owners for those of other members. What is sent later is not waited for. A member that was killed,
/// or stopped while it joined, keeps its partitions until its session ends, and then they come to us; one
/// that lives makes its part durable. Others that do neither are given up after the time of a session.
class CaughtUpRule {
 public:
  CaughtUpRule(const SinkTimers& timers, std::chrono::milliseconds session_timeout)
      : timers_(timers), session_timeout_(session_timeout) {}

  /// From `now` on the stop is wanted; once.
  void begin(SteadyTime now);
  /// Partitions became ours, or ceased to be.
  void assigned(SteadyTime now);
  /// Before the first assignment nobody knows what there is to read.
  bool was_assigned() const { return assigned_; }
  /// A partition ended at `end` when it was asked at `asked_at`. The first answer since begin() holds.
  void ended(log::Partition partition, log::Offset end, SteadyTime asked_at);
  /// What has to be durable of a partition; nothing while it is not known.
  std::optional<log::Offset> end_of(log::Partition partition) const;

  void other_is_durable(log::Partition partition) { durable_others_.insert(partition); }
  bool is_other_durable(log::Partition partition) const { return durable_others_.contains(partition); }
  /// Partitions of others came further, or the log can be reached again: the wait for others begins again.
  void others_moved(SteadyTime now) { moved_at_ = now; }

  enum class Others {
    expired,  ///< nothing moved for the time of a session
    wait,     ///< they were looked at just now
    look,     ///< look whether their partitions are durable
  };
  /// Only when all of one's own is durable. `look` is answered once an interval.
  Others others(SteadyTime now);

 private:
  SinkTimers timers_;
  std::chrono::milliseconds session_timeout_;
  std::optional<SteadyTime> begun_at_;
  bool assigned_ = false;
  SteadyTime moved_at_;
  std::optional<SteadyTime> looked_at_;
  std::map<log::Partition, log::Offset> ends_;
  std::set<log::Partition> durable_others_;
};

/// Which hours of a partition are over, and when they are to be closed. An hour is over when an object of a
/// later one is durable; or when its end was `grace` ago as the log's end was asked for, and all below that
/// end is durable.
class HourSchedule {
 public:
  HourSchedule(const SinkTimers& timers, std::chrono::milliseconds grace) : timers_(timers), grace_(grace) {}

  /// The last hour that an object's first record proves to be over; nothing when it has no time.
  static std::optional<lake::Hour> over_by_object(UtcMillis first_timestamp);
  /// The last hour that the clock alone shows to be over.
  lake::Hour over_by_clock(UtcMillis now) const;

  /// Whether the partition's end is to be asked for, so that the hours up to `through` can be closed.
  bool wants_end(log::Partition partition, lake::Hour through) const;
  /// The partition ended at `end` when the hours up to `through` were over by the clock.
  void ended(log::Partition partition, lake::Hour through, log::Offset end);
  /// The last hour that can be closed now that everything below `durable` is in the lake.
  std::optional<lake::Hour> over_by_end(log::Partition partition, log::Offset durable) const;

  /// Whether the hours up to `through` are to be closed now: once for each.
  bool ask(log::Partition partition, lake::Hour through);
  bool was_asked(log::Partition partition, lake::Hour through) const;

  /// The partition's hours up to `through` are closed.
  void closed(log::Partition partition, lake::Hour through);
  /// How many hours up to `through` are not known to be closed. When nothing is known yet, `through` itself
  /// is the first one.
  std::int64_t open_hours(log::Partition partition, lake::Hour through);

  /// Whether to look at the hours: once an interval, which begins with the first call. When a failed closing
  /// is due again, everything may be asked for once more.
  bool look(SteadyTime now);
  /// Hours could not be closed.
  void failed(SteadyTime now);

 private:
  SinkTimers timers_;
  std::chrono::milliseconds grace_;
  struct Ended {
    lake::Hour through;
    log::Offset end = 0;
  };
  std::map<log::Partition, lake::Hour> asked_through_;
  std::map<log::Partition, Ended> ended_;
  std::map<log::Partition, lake::Hour> closed_through_;
  std::optional<SteadyTime> looked_at_;
  std::optional<SteadyTime> retry_at_;
};

}  // namespace sdp::sink
