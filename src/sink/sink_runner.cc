#include "sink/sink_runner.h"

#include <fmt/core.h>

#include <utility>
#include <vector>

#include "diag/log.h"
#include "lake/layout.h"
#include "lake/object_key.h"
#include "lake_reader/lake_reader.h"
#include "sink/commit_rule.h"
#include "sink/hour_closer.h"
#include "sink/sink_rules.h"
#include "sink/sink_state.h"

namespace sdp::sink {
namespace {

using diag::log_event;

double in_seconds(std::chrono::milliseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

/// One run: consumer, state and uploader with a common lifetime.
///
/// The protocol of a partition, and what is durable after each step:
///   1. Assign: the chain's end is read from the lake, and reading starts there; the group's own offsets are
///   not
///      asked. Nothing is written, but for an acknowledged gap.
///   2. Deliver: each record is appended to the open batch of its partition. Nothing is durable.
///   3. Cut: a limit, an hour's end or a stop ends the open batch. Nothing is durable.
///   4. Upload: a create-only put of the batch's object commits its range (commit_rule.h). The range is
///   durable.
///      At most one upload of a partition is in flight, since the next range starts where this one ends.
///   5. Adopt: when the put meets another writer's object, everything that was built behind it is dropped,
///   and
///      reading goes on from the chain's end (seek, then step 2). The winner's range is durable.
///   6. Commit: the chain's end is committed to the group, for lag tools. It is never ahead of the lake.
///   7. Close: hours that are over get their markers (hour_closer.h). Each marker is durable by itself.
///   8. Revoke: what is not durable is dropped; the next owner begins with step 1.
///   9. Stop: everything is cut and uploaded, then the group is left. All that was read is durable, or the
///   run
///      ends with an error.
/// A crash between any two steps is a revoke without a word: the lake is a valid chain at any time.
class SinkRunner::Loop final : public log::ConsumerHandler {
 public:
  Loop(SinkRunner& runner, const log::TopicInfo& topic, std::unique_ptr<log::Consumer> consumer)
      : runner_(runner),
        topic_(topic),
        consumer_(std::move(consumer)),
        state_(topic.id, runner.options_.limits, lake::LineEncoder(runner.options_.value_bytes_max)),
        uploader_(runner.store_, runner.clock_,
                  {topic.name, runner.options_.compression, runner.options_.writer,
                   runner.options_.upload_threads}),
        outage_(runner.options_.outage_max),
        caught_up_(runner.options_.timers, runner.options_.consumer.session_timeout, now()),
        hours_(runner.options_.timers, runner.options_.hour_grace) {
    // Producers' clocks prove no hour to be over.
    if (topic.timestamp_type == log::TimestampType::log_append_time)
      closer_.emplace(runner.log_, runner.store_, topic);
  }

  Result<void> run(const std::stop_token& stop) {
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
    SDP_TRY(const auto chain_ends, lake_reader::LakeReader(runner_.store_).chain_ends(topic_.id, partitions));
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
      log_event("sink.partition.assigned",
                {{"topic", topic_.name}, {"partition", partition}, {"offset", start}});
    }
    caught_up_.assigned(now());
    return starts;
  }

  void on_revoked(std::span<const log::Partition> partitions, bool lost) override {
    for (const log::Partition partition : partitions) {
      state_.revoked(partition);
      log_event("sink.partition.revoked", {{"topic", topic_.name}, {"partition", partition}, {"lost", lost}});
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
    if (const auto lasted = outage_.answered(now()))
      log_event("sink.outage.over", {{"topic", topic_.name}, {"seconds", in_seconds(*lasted)}});
    if (*records > 0 || uploader_.in_flight() > 0) caught_up_.busy(poll_time_);
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
    switch (outage_.failed(now())) {
      case OutageClock::Failure::begun:
        ++runner_.metrics_.outages;
        log_event("sink.outage.begun", {{"topic", topic_.name},
                                        {"limit_s", runner_.options_.outage_max.count() / 1000},
                                        {"message", error.message}});
        break;
      case OutageClock::Failure::lasting:
        break;
      case OutageClock::Failure::exceeded:
        log_event("sink.outage.exceeded", {{"topic", topic_.name},
                                           {"seconds", in_seconds(outage_.lasts(now()))},
                                           {"message", error.message}});
        return fail(ErrorKind::unavailable, error.message);
    }
    runner_.clock_.sleep_for(runner_.options_.timers.outage_poll_interval);
    return 0;
  }

  /// Carries out commands and takes the results of uploads until there are no more of either at hand.
  Result<void> settle(std::chrono::milliseconds timeout) {
    SDP_RETURN_IF_ERROR(execute());
    while (auto result = uploader_.next_result(timeout)) {
      SDP_RETURN_IF_ERROR(apply_upload(*result));
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
        log_event("sink.seek",
                  {{"topic", topic_.name}, {"partition", seek->to.partition}, {"offset", seek->to.offset}});
        SDP_RETURN_IF_ERROR(consumer_->seek(seek->to));
      } else if (const auto* commit = std::get_if<Commit>(&command)) {
        SDP_RETURN_IF_ERROR(consumer_->commit({&commit->next, 1}));
      } else if (const auto* pause = std::get_if<Pause>(&command)) {
        log_event("sink.partition.paused", {{"topic", topic_.name},
                                            {"partition", pause->partition},
                                            {"buffered_bytes", state_.buffered_bytes()}});
        SDP_RETURN_IF_ERROR(consumer_->pause(pause->partition));
      } else {
        const log::Partition partition = std::get<Resume>(command).partition;
        log_event(
            "sink.partition.resumed",
            {{"topic", topic_.name}, {"partition", partition}, {"buffered_bytes", state_.buffered_bytes()}});
        SDP_RETURN_IF_ERROR(consumer_->resume(partition));
      }
    }
    return {};
  }

  Result<void> apply_upload(const UploadResult& result) {
    if (!result.outcome) return std::unexpected(result.outcome.error());
    SinkMetrics& metrics = runner_.metrics_;
    log_upload(result);
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
    request_closing(result.partition, HourSchedule::over_by_object(result.first_timestamp), result.range.end);
    return {};
  }

  void log_upload(const UploadResult& result) const {
    if (const auto* adopted = std::get_if<Adopted>(&*result.outcome)) {
      log_event("sink.range.adopted", {{"topic", topic_.name},
                                       {"partition", result.partition},
                                       {"object", result.key},
                                       {"first", adopted->winner.range.first},
                                       {"winner_end", adopted->winner.range.end},
                                       {"chain_end", result.chain_end}});
      return;
    }
    const bool created = std::holds_alternative<Committed>(*result.outcome);
    log_event("sink.object.uploaded", {{"topic", topic_.name},
                                       {"partition", result.partition},
                                       {"object", result.key},
                                       {"first", result.range.first},
                                       {"end", result.range.end},
                                       {"records", result.records},
                                       {"rejected", result.rejected},
                                       {"bytes", result.body_bytes},
                                       {"reason", name(result.reason)},
                                       {"outcome", created ? "created" : "already_ours"},
                                       {"seconds", in_seconds(result.took)}});
  }

  /// Asks for the hours up to `through` to be closed, once.
  void request_closing(log::Partition partition, lake::Hour through, log::Offset chain_end) {
    if (closer_ && hours_.ask(partition, through)) closer_->request({partition, through, chain_end});
  }

  /// Takes the results of closings, and asks for the hours of partitions that are idle at the log's end.
  Result<void> close_hours() {
    if (!closer_) return {};
    while (const auto result = closer_->next_result()) apply_closing(*result);
    if (!hours_.look(now())) return {};
    const lake::Hour through = hours_.over_by_clock(runner_.clock_.utc_now());
    for (const auto& [partition, chain_end] : state_.settled()) {
      if (hours_.was_asked(partition, through)) continue;
      const auto available = runner_.log_.watermarks(partition);
      // A log that cannot be asked is polled, too, and its outage is noticed there.
      if (available && chain_end >= available->end) request_closing(partition, through, chain_end);
    }
    return {};
  }

  void apply_closing(const CloseResult& result) {
    if (!result.closed) {
      // No event depends on it: the hour stays open until it works.
      const auto retry =
          std::chrono::duration_cast<std::chrono::seconds>(runner_.options_.timers.hour_retry_interval);
      log_event("hours.postponed", {{"topic", topic_.name},
                                    {"partition", result.request.partition},
                                    {"hour", lake::format_hour(result.request.through)},
                                    {"retry_s", retry.count()},
                                    {"kind", name(result.closed.error().kind)},
                                    {"message", result.closed.error().message}});
      hours_.failed(now());
      return;
    }
    runner_.metrics_.hours_closed += result.closed->size();
    for (const lake::HourMarker& marker : *result.closed) {
      log_event("hours.closed", {{"topic", topic_.name},
                                 {"partition", marker.chain.partition},
                                 {"hour", lake::format_hour(marker.hour)},
                                 {"end", marker.range.end},
                                 {"records", marker.records},
                                 {"objects", marker.objects}});
    }
  }

  Result<bool> is_caught_up() {
    if (!caught_up_.was_assigned()) {
      log_event("sink.caught_up.waiting", {{"topic", topic_.name}, {"reason", "unassigned"}});
      return false;
    }
    const SteadyTime at = now();
    for (const auto& [partition, position] : state_.positions()) {
      SDP_TRY(const log::Watermarks available, runner_.log_.watermarks(partition));
      if (!caught_up_.is_read(position, available.end, at)) {
        log_event("sink.caught_up.waiting", {{"topic", topic_.name},
                                             {"partition", partition},
                                             {"behind", available.end},
                                             {"reason", "position"}});
        return false;
      }
    }
    SDP_TRY(const bool others, others_are_durable());
    if (others) {
      log_event("sink.caught_up",
                {{"topic", topic_.name}, {"reason", caught_up_.is_quiet(at) ? "quiet" : "end"}});
    }
    return others;
  }

  Result<bool> others_are_durable() {
    switch (caught_up_.others(now())) {
      case CaughtUpRule::Others::expired:
        log_event("sink.caught_up.others_expired", {{"topic", topic_.name}});
        return true;
      case CaughtUpRule::Others::wait:
        return false;
      case CaughtUpRule::Others::look:
        break;
    }
    std::vector<log::Partition> others;
    for (log::Partition partition = 0; partition < topic_.partitions; ++partition) {
      if (!state_.position(partition)) others.push_back(partition);
    }
    if (others.empty()) return true;
    SDP_TRY(const auto chain_ends, lake_reader::LakeReader(runner_.store_).chain_ends(topic_.id, others));
    for (const log::Partition partition : others) {
      SDP_TRY(const log::Watermarks available, runner_.log_.watermarks(partition));
      if (chain_ends.at(partition) < available.end) {
        log_event("sink.caught_up.waiting", {{"topic", topic_.name},
                                             {"partition", partition},
                                             {"behind", available.end},
                                             {"reason", "others"}});
        return false;
      }
    }
    return true;
  }

  Result<void> shut_down() {
    log_event("sink.stopping", {{"topic", topic_.name}, {"buffered_bytes", state_.buffered_bytes()}});
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
  OutageClock outage_;
  CaughtUpRule caught_up_;
  HourSchedule hours_;
  SteadyTime poll_time_;
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
    log_event("sink.topic.create_time",
              {{"topic", topic.name},
               {"message",
                "message.timestamp.type is CreateTime: objects are filed under the producers' clocks, and no "
                "hour is closed. Set LogAppendTime"}});
  }
  SDP_RETURN_IF_ERROR(store::probe_create_only(store_, lake::kProbeKey));
  lake::LakeLayout layout;
  layout.compression = options_.compression;
  layout.topic = topic.name;
  SDP_RETURN_IF_ERROR(agree_on_layout(store_, layout));
  return topic;
}

Result<void> SinkRunner::sink_records(const std::stop_token& stop) {
  SDP_TRY(const log::TopicInfo topic, check_surroundings());
  SDP_TRY(auto consumer, log_.open_consumer(options_.consumer));
  log_event(
      "sink.listening",
      {{"topic", topic.name}, {"topic_id", base::to_string(topic.id)}, {"partitions", topic.partitions}});
  observer_.listening(topic);
  Loop loop(*this, topic, std::move(consumer));
  return loop.run(stop);
}

Result<void> SinkRunner::run(std::stop_token stop) {
  auto result = sink_records(stop);
  log_event("sink.finished", {{"records_durable", metrics_.records_durable.load()},
                              {"objects", metrics_.objects_created.load()},
                              {"rejected", metrics_.records_rejected.load()},
                              {"adopted", metrics_.objects_adopted.load()}});
  return result;
}

}  // namespace sdp::sink
