#include "sink/sink_runner.h"

#include <fmt/core.h>

#include <map>
#include <utility>
#include <vector>

#include "lake/layout.h"
#include "lake/object_key.h"
#include "sink/hour_closer.h"
#include "sink/layout_guard.h"
#include "sink/sink_state.h"

namespace sdp::sink {

/// One run: consumer, state and uploader with a common life time.
class SinkRunner::Loop final : public log::ConsumerHandler {
 public:
  Loop(SinkRunner& runner, const log::TopicInfo& topic, std::unique_ptr<log::Consumer> consumer)
      : runner_(runner),
        topic_(topic),
        consumer_(std::move(consumer)),
        state_(topic.id, runner.options_.limits, lake::LineEncoder(runner.options_.value_bytes_max)),
        uploader_(runner.store_, runner.clock_,
                  {topic.name, runner.options_.compression, runner.options_.writer,
                   runner.options_.upload_threads}) {
    // Hours of producers' clocks are never over.
    if (topic.timestamp_type == log::TimestampType::log_append_time)
      closer_.emplace(runner.log_, runner.store_, topic);
  }

  Result<void> run(const std::stop_token& stop) {
    last_record_at_ = now();
    while (!stop.stop_requested()) {
      SDP_TRY(const std::size_t records, poll());
      state_.tick(now());
      SDP_RETURN_IF_ERROR(settle(std::chrono::milliseconds(0)));
      SDP_RETURN_IF_ERROR(close_hours());
      if (records == 0 && runner_.finish_when_caught_up_) {
        SDP_TRY(const bool caught_up, is_caught_up());
        if (caught_up) break;
      }
    }
    return shut_down();
  }

  Result<std::vector<log::PartitionOffset>> on_assigned(std::span<const log::Partition> partitions) override {
    SDP_TRY(const auto chain_ends, find_chain_ends(runner_.store_, topic_.id, partitions));
    std::vector<log::PartitionOffset> starts;
    for (const log::Partition partition : partitions) {
      SDP_TRY(const log::Watermarks available, watermarks_or_outage(partition));
      SDP_TRY(const log::Offset start,
              start_offset(runner_.store_, {topic_.id, partition}, topic_.name, chain_ends.at(partition),
                           available, runner_.options_.gaps));
      starts.push_back({partition, start});
    }
    for (const auto& [partition, start] : starts) {
      state_.assigned(partition, start);
      runner_.observer_.assigned(partition, start);
    }
    assigned_once_ = true;
    assigned_at_ = now();
    last_record_at_ = now();
    return starts;
  }

  void on_revoked(std::span<const log::Partition> partitions, bool lost) override {
    for (const log::Partition partition : partitions) {
      state_.revoked(partition);
      runner_.observer_.revoked(partition, lost);
    }
  }

  Result<void> on_record(const log::RecordView& record) override {
    state_.append(record, poll_time_);
    return {};
  }

 private:
  SteadyTime now() const { return runner_.clock_.steady_now(); }

  Result<std::size_t> poll() {
    // One reading of the clock per poll, not per record: linger and idle are coarse.
    poll_time_ = now();
    const auto timeout =
        uploader_.in_flight() > 0 ? std::chrono::milliseconds(5) : runner_.options_.poll_timeout;
    auto records = consumer_->poll(*this, runner_.options_.poll_records_max, timeout);
    if (!records) return survive_outage(std::move(records).error());
    outage_since_.reset();
    // Partitions that wait for uploads hand over nothing, however much there is.
    if (*records > 0 || uploader_.in_flight() > 0) last_record_at_ = poll_time_;
    runner_.metrics_.records_read += *records;
    runner_.metrics_.buffered_bytes = state_.buffered_bytes();
    return *records;
  }

  /// Inside a poll: a partition without a leader is an outage of the log, which is outlasted there.
  Result<log::Watermarks> watermarks_or_outage(log::Partition partition) {
    auto available = runner_.log_.watermarks(partition);
    if (!available && available.error().kind == ErrorKind::unavailable)
      available.error().kind = ErrorKind::retry;
    return available;
  }

  Result<std::size_t> survive_outage(Error error) {
    if (error.kind != ErrorKind::retry) return std::unexpected(std::move(error));
    if (!outage_since_) {
      outage_since_ = now();
      ++runner_.metrics_.outages;
      runner_.observer_.warned(fmt::format("{} (trying again for {} s)", error.message,
                                           runner_.options_.outage_max.count() / 1000));
    }
    if (now() - *outage_since_ > runner_.options_.outage_max)
      return fail(ErrorKind::unavailable, error.message);
    runner_.clock_.sleep_for(runner_.options_.timers.outage_poll_interval);
    return 0;
  }

  /// Carries out commands and takes in finished uploads until there are no more of either at hand.
  Result<void> settle(std::chrono::milliseconds timeout) {
    SDP_RETURN_IF_ERROR(execute());
    while (auto result = uploader_.next_result(timeout)) {
      SDP_RETURN_IF_ERROR(take_in(*result));
      SDP_RETURN_IF_ERROR(execute());
      timeout = std::chrono::milliseconds(0);
    }
    return {};
  }

  Result<void> execute() {
    if (!state_.has_commands()) return {};
    for (Command& command : state_.take_commands()) {
      if (auto* upload = std::get_if<Upload>(&command)) {
        uploader_.start(std::move(upload->batch));
      } else if (const auto* seek = std::get_if<Seek>(&command)) {
        SDP_RETURN_IF_ERROR(consumer_->seek(seek->to));
      } else if (const auto* commit = std::get_if<Commit>(&command)) {
        SDP_RETURN_IF_ERROR(consumer_->commit({&commit->next, 1}));
      } else if (const auto* pause = std::get_if<Pause>(&command)) {
        SDP_RETURN_IF_ERROR(consumer_->pause(pause->partition));
      } else {
        SDP_RETURN_IF_ERROR(consumer_->resume(std::get<Resume>(command).partition));
      }
    }
    return {};
  }

  Result<void> take_in(const UploadResult& result) {
    if (!result.outcome) return std::unexpected(result.outcome.error());
    SinkMetrics& metrics = runner_.metrics_;
    if (std::holds_alternative<Adopted>(*result.outcome)) {
      ++metrics.objects_adopted;
      state_.upload_lost(result.partition, result.generation, result.chain_end);
    } else {
      ++metrics.objects_created;
      metrics.records_durable += static_cast<std::uint64_t>(result.records);
      metrics.records_rejected += static_cast<std::uint64_t>(result.rejected);
      metrics.body_bytes += result.body_bytes;
      state_.upload_done(result.partition, result.generation);
    }
    runner_.observer_.uploaded(result);
    // The object is durable, so the hours before its own are over.
    over(result.partition, lake::hour_of(result.first_timestamp) - std::chrono::hours(1), result.range.end);
    return {};
  }

  /// Asks for the hours up to `through` to be closed, once.
  void over(log::Partition partition, lake::Hour through, log::Offset chain_end) {
    if (!closer_) return;
    const auto [at, first] = over_through_.try_emplace(partition, through);
    if (!first && at->second >= through) return;
    at->second = through;
    closer_->request({partition, through, chain_end});
  }

  /// Takes in what was closed, and closes the hours of partitions that are idle at the log's end.
  Result<void> close_hours() {
    if (!closer_) return {};
    while (const auto result = closer_->next_result()) take_in(*result);
    if (now() - hours_checked_at_ < runner_.options_.timers.hour_check_interval) return {};
    hours_checked_at_ = now();
    if (hours_retried_at_ && now() >= *hours_retried_at_) {
      hours_retried_at_.reset();
      over_through_.clear();
    }
    const lake::Hour through =
        lake::hour_of(runner_.clock_.utc_now() - runner_.options_.hour_grace) - std::chrono::hours(1);
    for (const auto& [partition, chain_end] : state_.settled()) {
      const auto at = over_through_.find(partition);
      if (at != over_through_.end() && at->second >= through) continue;
      const auto available = runner_.log_.watermarks(partition);
      // A log that cannot be asked is polled, too, and its outage told there.
      if (available && chain_end >= available->end) over(partition, through, chain_end);
    }
    return {};
  }

  void take_in(const CloseResult& result) {
    if (!result.closed) {
      // No event depends on it: the hour stays open until it works.
      runner_.observer_.warned(
          fmt::format("partition {}: hours up to {} are not closed yet: {}", result.request.partition,
                      lake::format_hour(result.request.through), result.closed.error().message));
      if (!hours_retried_at_) hours_retried_at_ = now() + runner_.options_.timers.hour_retry_interval;
      return;
    }
    runner_.metrics_.hours_closed += result.closed->size();
    for (const lake::HourMarker& marker : *result.closed) runner_.observer_.closed_hour(marker);
  }

  Result<bool> is_caught_up() {
    if (!assigned_once_) return false;
    const bool quiet = now() - last_record_at_ > runner_.options_.timers.quiet_is_caught_up;
    for (const auto& [partition, position] : state_.positions()) {
      SDP_TRY(const log::Watermarks available, runner_.log_.watermarks(partition));
      if (position < available.end && !quiet) return false;
    }
    return others_are_durable();
  }

  /// Partitions that other members have are waited for as well: a member that was killed, or stopped while it
  /// joined, keeps them until its session ends, and then they come to us.
  Result<bool> others_are_durable() {
    const auto patience = runner_.options_.consumer.session_timeout + runner_.options_.timers.others_are_late;
    if (now() - assigned_at_ > patience) return true;
    if (now() - others_checked_at_ < runner_.options_.timers.others_check_interval) return false;
    others_checked_at_ = now();
    std::vector<log::Partition> others;
    for (log::Partition partition = 0; partition < topic_.partitions; ++partition) {
      if (!state_.position(partition)) others.push_back(partition);
    }
    if (others.empty()) return true;
    SDP_TRY(const auto chain_ends, find_chain_ends(runner_.store_, topic_.id, others));
    for (const log::Partition partition : others) {
      SDP_TRY(const log::Watermarks available, runner_.log_.watermarks(partition));
      if (chain_ends.at(partition) < available.end) return false;
    }
    return true;
  }

  Result<void> shut_down() {
    state_.shut_down();
    const SteadyTime deadline = now() + runner_.options_.shutdown_max;
    SDP_RETURN_IF_ERROR(settle(std::chrono::milliseconds(0)));
    while (!state_.drained()) {
      if (now() > deadline) {
        return fail(
            ErrorKind::unavailable,
            fmt::format(
                "{}: uploads did not finish within {} s of the stop; what is not durable stays in topic "
                "{} and is read again",
                runner_.store_.describe(), runner_.options_.shutdown_max.count() / 1000, topic_.name));
      }
      SDP_RETURN_IF_ERROR(settle(std::chrono::milliseconds(50)));
    }
    return consumer_->close(*this);
  }

  SinkRunner& runner_;
  const log::TopicInfo topic_;
  std::unique_ptr<log::Consumer> consumer_;
  SinkState state_;
  Uploader uploader_;
  std::optional<HourCloser> closer_;
  std::map<log::Partition, lake::Hour> over_through_;  ///< the last hour that was asked to be closed
  SteadyTime hours_checked_at_;
  std::optional<SteadyTime> hours_retried_at_;
  SteadyTime poll_time_;
  SteadyTime last_record_at_;
  std::optional<SteadyTime> outage_since_;
  bool assigned_once_ = false;
  SteadyTime assigned_at_;
  SteadyTime others_checked_at_;
};

SinkRunner::SinkRunner(log::EventLog& log, store::ObjectStore& store, Clock& clock, SinkOptions options,
                       SinkObserver& observer)
    : log_(log), store_(store), clock_(clock), options_(std::move(options)), observer_(observer) {}

SinkRunner::~SinkRunner() = default;

Result<log::TopicInfo> SinkRunner::check_surroundings() {
  SDP_TRY(log::TopicInfo topic, log_.describe());
  if (topic.compacted) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format(
            "topic {} is compacted: records may vanish, and with them the proof and the place of an object. "
            "Set cleanup.policy=delete",
            topic.name));
  }
  if (topic.timestamp_type != log::TimestampType::log_append_time) {
    observer_.warned(
        fmt::format("topic {} has message.timestamp.type=CreateTime: objects are filed under the producers' "
                    "clocks. Set LogAppendTime",
                    topic.name));
  }
  SDP_RETURN_IF_ERROR(store::probe_create_only(store_, lake::kProbeKey));
  lake::LakeLayout layout;
  layout.compression = options_.compression;
  layout.topic = topic.name;
  SDP_RETURN_IF_ERROR(agree_on_layout(store_, layout));
  return topic;
}

Result<void> SinkRunner::run(std::stop_token stop) {
  SDP_TRY(const log::TopicInfo topic, check_surroundings());
  SDP_TRY(auto consumer, log_.open_consumer(options_.consumer));
  observer_.listening(topic);
  Loop loop(*this, topic, std::move(consumer));
  return loop.run(stop);
}

}  // namespace sdp::sink
