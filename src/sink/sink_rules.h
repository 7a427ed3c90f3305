#pragma once

#include <chrono>
#include <map>
#include <optional>

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

/// When a sink that is to stop at the log's end is there. It has read its own partitions, and those of other
/// members are durable: a member that was killed, or stopped while it joined, keeps its partitions until its
/// session ends, and then they come to us.
class CaughtUpRule {
 public:
  CaughtUpRule(const SinkTimers& timers, std::chrono::milliseconds session_timeout, SteadyTime start)
      : timers_(timers), session_timeout_(session_timeout), busy_at_(start) {}

  void assigned(SteadyTime now);
  /// A poll at `now` delivered records, or uploads are under way: partitions that wait for uploads deliver
  /// nothing, however much there is.
  void busy(SteadyTime now) { busy_at_ = now; }

  /// Before the first assignment nobody knows what there is to read.
  bool was_assigned() const { return assigned_at_.has_value(); }
  /// No record came for so long that positions below the log's end are those of control records, which no
  /// consumer is given.
  bool is_quiet(SteadyTime now) const { return now - busy_at_ > timers_.quiet_is_caught_up; }
  /// Whether all that there is of an own partition was read.
  bool is_read(log::Offset position, log::Offset log_end, SteadyTime now) const {
    return position >= log_end || is_quiet(now);
  }

  enum class Others {
    expired,  ///< they had the time of a session: what they had would have come to us
    wait,     ///< they were looked at just now
    look,     ///< look whether their partitions are durable
  };
  /// Only when all of one's own is read. `look` is answered once an interval.
  Others others(SteadyTime now);

 private:
  SinkTimers timers_;
  std::chrono::milliseconds session_timeout_;
  SteadyTime busy_at_;
  std::optional<SteadyTime> assigned_at_;
  SteadyTime looked_at_;
};

/// Which hours of a partition are over, and when they are to be closed. An hour is over when an object of a
/// later one is durable, or when its end is `grace` ago and the chain is at the log's end.
class HourSchedule {
 public:
  HourSchedule(const SinkTimers& timers, std::chrono::milliseconds grace) : timers_(timers), grace_(grace) {}

  /// The last hour that an object's first record proves to be over.
  static lake::Hour over_by_object(UtcMillis first_timestamp);
  /// The last hour that the clock alone shows to be over.
  lake::Hour over_by_clock(UtcMillis now) const;

  /// Whether the hours up to `through` are to be closed now: once for each.
  bool ask(log::Partition partition, lake::Hour through);
  bool was_asked(log::Partition partition, lake::Hour through) const;

  /// Whether to look at idle partitions: once an interval. When a failed closing is due again, everything may
  /// be asked for once more.
  bool look(SteadyTime now);
  /// Hours could not be closed.
  void failed(SteadyTime now);

 private:
  SinkTimers timers_;
  std::chrono::milliseconds grace_;
  std::map<log::Partition, lake::Hour> asked_through_;
  SteadyTime looked_at_;
  std::optional<SteadyTime> retry_at_;
};

}  // namespace sdp::sink
