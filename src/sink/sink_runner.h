#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "lake/compression.h"
#include "lake/line.h"
#include "lake/places.h"
#include "log/event_log.h"
#include "sink/batch.h"
#include "sink/sink_metrics.h"
#include "sink/sink_rules.h"
#include "sink/sink_timers.h"
#include "sink/start_offset.h"
#include "sink/uploader.h"
#include "store/object_store.h"

namespace sdp::sink {

struct SinkOptions {
  log::ConsumerOptions consumer;
  BatchLimits limits;
  lake::Compression compression = lake::Compression::none;
  GapPolicy gaps = GapPolicy::stop;
  std::string writer = "spotify-pipeline";
  std::size_t value_bytes_max = lake::kValueBytesMaxDefault;
  int upload_threads = 4;
  std::size_t poll_records_max = 10'000;
  std::chrono::milliseconds poll_timeout{50};
  /// How long a stop may take to make open batches durable.
  std::chrono::milliseconds shutdown_max{30'000};
  /// How long the log may stay out of reach, at the start too, before the sink gives up.
  std::chrono::milliseconds outage_max{300'000};
  /// How long a topic is waited for that does not exist.
  std::chrono::milliseconds topic_wait{0};
  /// How long after its end an hour of an idle partition is closed: more than clocks differ and appends take.
  std::chrono::milliseconds hour_grace{60'000};
  SinkTimers timers;
};

/// How a partition of a sink stands.
struct PartitionStanding {
  log::Partition partition = 0;
  log::Offset durable = 0;                 ///< every record below it is in the lake
  std::optional<log::Offset> committed{};  ///< what this sink committed to the group
  std::optional<log::Offset> log_end{};    ///< as a broker said last
  std::int64_t open_hours = 0;             ///< that are over and not known to be closed
};

/// How a sink stands, as its loop sees it now and then.
struct SinkStanding {
  bool log_answers = true;
  bool was_assigned = false;  ///< its group has told it its partitions, if only that it has none
  bool stopping = false;
  std::size_t uploads = 0;
  std::chrono::milliseconds oldest_upload{0};
  std::size_t buffered_bytes = 0;
  std::vector<PartitionStanding> partitions;
};

/// Hears of a sink, on the sink's thread. What is not told here is in the log.
class SinkObserver {
 public:
  virtual ~SinkObserver() = default;
  /// The loop goes on; before it has found its topic, too.
  virtual void turned(SteadyTime) {}
  virtual void listening(const log::TopicInfo&) {}
  virtual void rebalanced() {}
  virtual void polled(std::size_t /*records*/) {}
  virtual void outage_begun() {}
  virtual void uploaded(const UploadResult&) {}
  virtual void hours_closed(std::size_t /*markers*/) {}
  /// Every half second, and when it is the last time.
  virtual void stands(const SinkStanding&) {}
};

/// Moves records of one topic from the log to the lake until stopped: the loop around SinkState. Owned by one
/// thread; metrics() and finish_when_caught_up() are for others.
class SinkRunner {
 public:
  SinkRunner(log::EventLog& log, store::ObjectStore& store, Clock& clock, SinkOptions options,
             SinkObserver& observer);
  ~SinkRunner();

  /// Runs until `stop`, until caught up when asked for, or until an error that only a person can repair. On a
  /// stop everything read is made durable first. Whatever way it ends, the lake is a valid chain.
  Result<void> run(std::stop_token stop);
  /// From now on, stop once everything that the log has now is durable, in our partitions and in those of
  /// other members. run() ends with `retry` when others make nothing of theirs durable for the time of a
  /// session.
  void finish_when_caught_up() { finish_when_caught_up_ = true; }
  const SinkMetrics& metrics() const { return metrics_; }

 private:
  class Loop;

  Result<std::optional<log::TopicInfo>> find_topic(const std::stop_token& stop);
  /// An error that is a retry, unless the outage exceeds its limit, is none.
  Result<void> survive_outage(OutageClock& outage, Error error);
  /// Where the lake keeps things.
  Result<lake::Places> check_surroundings(const log::TopicInfo& topic);
  Result<void> sink_records(const std::stop_token& stop);

  log::EventLog& log_;
  store::ObjectStore& store_;
  Clock& clock_;
  const SinkOptions options_;
  SinkObserver& observer_;
  SinkMetrics metrics_;
  std::atomic<bool> finish_when_caught_up_{false};
};

}  // namespace sdp::sink
