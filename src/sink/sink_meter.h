#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "metrics/health.h"
#include "metrics/registry.h"
#include "sink/sink_runner.h"

namespace sdp::sink {

/// What a sink that stands like this says when it is asked whether it does its work. Pure.
metrics::Readiness readiness_of(const SinkStanding& standing);

/// Counts what a sink does, and keeps its health. Owned by the sink's thread; whoever reads the registry and
/// the health may be another one. Counts are added up once a poll or an object, not once a record.
class SinkMeter final : public SinkObserver {
 public:
  /// All of them outlive this.
  SinkMeter(std::string topic, metrics::Registry& registry, metrics::Health& health, Clock& clock);

  void turned(SteadyTime now) override { health_.turned(now); }
  void rebalanced() override { rebalances_.Increment(); }
  void polled(std::size_t records) override { records_read_.Increment(static_cast<double>(records)); }
  void outage_begun() override;
  void uploaded(const UploadResult& result) override;
  void hours_closed(std::size_t markers) override { hours_closed_.Increment(static_cast<double>(markers)); }
  void stands(const SinkStanding& standing) override;

 private:
  void tell(const PartitionStanding& at);
  /// Of partitions that are no longer ours nothing is told.
  void forget_others(const SinkStanding& standing);

  const std::string topic_;
  metrics::Registry& registry_;
  metrics::Health& health_;
  Clock& clock_;
  prometheus::Counter& records_read_;
  prometheus::Counter& records_;
  prometheus::Counter& bytes_;
  prometheus::Counter& hours_closed_;
  prometheus::Counter& outages_;
  prometheus::Counter& rebalances_;
  prometheus::Histogram& durations_;
  prometheus::Gauge& assigned_;
  prometheus::Gauge& buffered_;
  prometheus::Gauge& uploads_;
  prometheus::Gauge& oldest_upload_;
  prometheus::Gauge& log_up_;
  std::vector<log::Partition> told_;
};

/// Tells two observers, the first one first.
class BothObservers final : public SinkObserver {
 public:
  BothObservers(SinkObserver& first, SinkObserver& second) : first_(first), second_(second) {}

  void turned(SteadyTime now) override;
  void listening(const log::TopicInfo& topic) override;
  void rebalanced() override;
  void polled(std::size_t records) override;
  void outage_begun() override;
  void uploaded(const UploadResult& result) override;
  void hours_closed(std::size_t markers) override;
  void stands(const SinkStanding& standing) override;

 private:
  SinkObserver& first_;
  SinkObserver& second_;
};

}  // namespace sdp::sink
