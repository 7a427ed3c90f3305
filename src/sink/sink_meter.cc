#include "sink/sink_meter.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>
#include <variant>

#include "base/duration_text.h"

namespace sdp::sink {
namespace {

/// An upload that takes longer is not one that goes well.
constexpr std::chrono::seconds kUploadIsSlow{5};

constexpr auto kReasons = {CutReason::records, CutReason::bytes,  CutReason::linger,  CutReason::hour,
                           CutReason::idle,    CutReason::memory, CutReason::shutdown};
constexpr auto kResults = {"created", "already_ours", "adopted"};

std::string_view result_of(const CommitOutcome& outcome) {
  if (std::holds_alternative<Committed>(outcome)) return "created";
  return std::holds_alternative<AlreadyOurs>(outcome) ? "already_ours" : "adopted";
}

}  // namespace

metrics::Readiness readiness_of(const SinkStanding& standing) {
  using metrics::Readiness;
  if (standing.stopping) return Readiness::stopping;
  if (!standing.log_answers) return Readiness::log_away;
  if (standing.oldest_upload > kUploadIsSlow) return Readiness::store_hangs;
  return standing.was_assigned ? Readiness::ready : Readiness::starting;
}

SinkMeter::SinkMeter(std::string topic, metrics::Registry& registry, metrics::Health& health, Clock& clock)
    : topic_(std::move(topic)),
      registry_(registry),
      health_(health),
      clock_(clock),
      records_read_(registry.counter("sink_records_read_total", {topic_})),
      records_(registry.counter("sink_records_total", {topic_})),
      bytes_(registry.counter("sink_bytes_total", {topic_})),
      hours_closed_(registry.counter("sink_hour_markers_total", {topic_})),
      outages_(registry.counter("sink_outages_total", {topic_})),
      rebalances_(registry.counter("sink_rebalances_total", {topic_})),
      durations_(registry.histogram("sink_upload_duration_seconds", {topic_})),
      assigned_(registry.gauge("sink_assigned_partitions", {topic_})),
      buffered_(registry.gauge("sink_buffered_bytes", {topic_})),
      uploads_(registry.gauge("sink_uploads_in_flight", {topic_})),
      oldest_upload_(registry.gauge("sink_oldest_upload_seconds", {topic_})),
      log_up_(registry.gauge("sink_log_up", {topic_})) {
  // From 0 on, so that the first of each is an increase.
  for (const CutReason reason : kReasons) registry_.counter("sink_batches_total", {topic_, name(reason)});
  for (const char* result : kResults) registry_.counter("sink_objects_total", {topic_, result});
}

void SinkMeter::outage_begun() {
  outages_.Increment();
  log_up_.Set(0);
}

void SinkMeter::uploaded(const UploadResult& result) {
  registry_.counter("sink_objects_total", {topic_, result_of(*result.outcome)}).Increment();
  registry_.gauge("sink_last_commit_timestamp_seconds", {topic_})
      .Set(base::in_seconds(clock_.utc_now().time_since_epoch()));
  if (std::holds_alternative<Adopted>(*result.outcome)) return;
  registry_.counter("sink_batches_total", {topic_, name(result.reason)}).Increment();
  records_.Increment(static_cast<double>(result.records));
  bytes_.Increment(static_cast<double>(result.body_bytes));
  durations_.Observe(base::in_seconds(result.took));
  for (const auto& [code, count] : result.rejected_codes)
    registry_.counter("sink_rejected_records_total", {topic_, name(code)})
        .Increment(static_cast<double>(count));
}

void SinkMeter::stands(const SinkStanding& standing) {
  health_.say(readiness_of(standing));
  log_up_.Set(standing.log_answers ? 1 : 0);
  assigned_.Set(static_cast<double>(standing.partitions.size()));
  buffered_.Set(static_cast<double>(standing.buffered_bytes));
  uploads_.Set(static_cast<double>(standing.uploads));
  oldest_upload_.Set(base::in_seconds(standing.oldest_upload));
  forget_others(standing);
  for (const PartitionStanding& at : standing.partitions) tell(at);
}

void SinkMeter::tell(const PartitionStanding& at) {
  const std::string partition = std::to_string(at.partition);
  registry_.gauge("sink_durable_offset", {topic_, partition}).Set(static_cast<double>(at.durable));
  registry_.gauge("sink_missing_hour_markers", {topic_, partition}).Set(static_cast<double>(at.open_hours));
  if (at.committed) {
    registry_.gauge("sink_committed_offset", {topic_, partition}).Set(static_cast<double>(*at.committed));
  }
  if (at.log_end) {
    const log::Offset lag = std::max<log::Offset>(0, *at.log_end - at.durable);
    registry_.gauge("sink_lag_records", {topic_, partition}).Set(static_cast<double>(lag));
  }
}

void SinkMeter::forget_others(const SinkStanding& standing) {
  for (const log::Partition partition : std::exchange(told_, {})) {
    if (std::ranges::find(standing.partitions, partition, &PartitionStanding::partition) !=
        standing.partitions.end())
      continue;
    const std::string text = std::to_string(partition);
    registry_.forget("sink_durable_offset", {topic_, text});
    registry_.forget("sink_missing_hour_markers", {topic_, text});
    registry_.forget("sink_committed_offset", {topic_, text});
    registry_.forget("sink_lag_records", {topic_, text});
  }
  for (const PartitionStanding& at : standing.partitions) told_.push_back(at.partition);
}

void BothObservers::turned(SteadyTime now) {
  first_.turned(now);
  second_.turned(now);
}

void BothObservers::listening(const log::TopicInfo& topic) {
  first_.listening(topic);
  second_.listening(topic);
}

void BothObservers::rebalanced() {
  first_.rebalanced();
  second_.rebalanced();
}

void BothObservers::polled(std::size_t records) {
  first_.polled(records);
  second_.polled(records);
}

void BothObservers::outage_begun() {
  first_.outage_begun();
  second_.outage_begun();
}

void BothObservers::uploaded(const UploadResult& result) {
  first_.uploaded(result);
  second_.uploaded(result);
}

void BothObservers::hours_closed(std::size_t markers) {
  first_.hours_closed(markers);
  second_.hours_closed(markers);
}

void BothObservers::stands(const SinkStanding& standing) {
  first_.stands(standing);
  second_.stands(standing);
}

}  // namespace sdp::sink
