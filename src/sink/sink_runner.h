#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "lake/compression.h"
#include "lake/hour_marker.h"
#include "lake/line.h"
#include "log/event_log.h"
#include "sink/batch.h"
#include "sink/chain_end.h"
#include "sink/sink_metrics.h"
#include "sink/uploader.h"
#include "store/object_store.h"

namespace sdp::sink {

/// How long the loop waits for what does not announce itself. Part of no promise: tests shorten them.
struct SinkTimers {
  /// A topic with transactional producers ends in control records, which no consumer is handed: its end is
  /// never reached by a position, so this long without a record counts as caught up too.
  std::chrono::milliseconds quiet_is_caught_up{3'000};
  /// How long beyond a session the partitions of other members are waited for, and how often they are looked
  /// at.
  std::chrono::milliseconds others_are_late{5'000};
  std::chrono::milliseconds others_check_interval{500};
  /// How often idle partitions are looked at, and how soon hours that could not be closed are tried again.
  std::chrono::milliseconds hour_check_interval{1'000};
  std::chrono::milliseconds hour_retry_interval{60'000};
  /// The pause between two polls of a log that is out of reach.
  std::chrono::milliseconds outage_poll_interval{100};
};

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
  /// How long the log may stay out of reach before the sink gives up.
  std::chrono::milliseconds outage_max{300'000};
  /// How long after its end an hour of an idle partition is closed: more than clocks differ and appends take.
  std::chrono::milliseconds hour_grace{60'000};
  SinkTimers timers;
};

/// Hears what a sink does, on the sink's thread.
class SinkObserver {
 public:
  virtual ~SinkObserver() = default;
  virtual void listening(const log::TopicInfo&) {}
  virtual void assigned(log::Partition, log::Offset /*start*/) {}
  virtual void revoked(log::Partition, bool /*lost*/) {}
  virtual void uploaded(const UploadResult&) {}
  virtual void closed_hour(const lake::HourMarker&) {}
  /// Something a person should know; the sink goes on.
  virtual void warned(std::string_view) {}
};

/// Moves records of one topic from the log to the lake until stopped: the loop around SinkState. Owned by one
/// thread; metrics() and finish_when_caught_up() are for others.
class SinkRunner {
 public:
  SinkRunner(log::EventLog& log, store::ObjectStore& store, Clock& clock, SinkOptions options,
             SinkObserver& observer);
  ~SinkRunner();

  /// Runs until `stop`, until caught up when asked for, or until an error that only a person can mend. On a
  /// stop everything read is made durable first. Whatever way it ends, the lake is a valid chain.
  Result<void> run(std::stop_token stop);
  /// From now on, stop once the log's end is durable, in our partitions and in those of other members.
  void finish_when_caught_up() { finish_when_caught_up_ = true; }
  const SinkMetrics& metrics() const { return metrics_; }

 private:
  class Loop;

  Result<log::TopicInfo> check_surroundings();

  log::EventLog& log_;
  store::ObjectStore& store_;
  Clock& clock_;
  const SinkOptions options_;
  SinkObserver& observer_;
  SinkMetrics metrics_;
  std::atomic<bool> finish_when_caught_up_{false};
};

}  // namespace sdp::sink
