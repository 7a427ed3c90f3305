#include "sink/sink_runner.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/duration_text.h"
#include "diag/log.h"
#include "lake/layout.h"
#include "lake/object_key.h"
#include "lake_reader/find_places.h"
#include "lake_reader/lake_reader.h"
#include "sink/commit_rule.h"
#include "sink/head_keeper.h"
#include "sink/hour_closer.h"
#include "sink/log_asker.h"
#include "sink/same_log.h"
#include "sink/sink_rules.h"
#include "sink/sink_state.h"

namespace sdp::sink {
namespace {

using base::in_seconds;
using diag::log_event;

/// How long a poll waits for a record while results of uploads, questions or closings are to come.
constexpr std::chrono::milliseconds kShortPoll{5};

}  // namespace

/// One run: consumer, state and uploader with a common lifetime.
///
/// The protocol of a partition, and what is durable after each step:
///   1. Assign: a point of the chain is read from the lake, by its hint or a listing, and reading starts
///      there; the group's own offsets are not asked. The first record that comes names the object that would
///      start there: where it stands, reading goes on from its end, until there is none.
///      The start is checked as soon as the partition's broker tells what the log has. A log that starts
///      above it calls for a listing first; then the start is moved behind an acknowledged gap
///      (start_offset.h). The record before the start must be the last one of the chain (same_log.h). Until
///      then no object is put: nothing is written, but for such a gap, and hints.
///   2. Deliver: each record is appended to the open batch of its partition, and each end of the partition
///      that is come to is noted. Where a batch of the log cannot be read, the partition waits until its end
///      is found; all of it is appended as one line, and reading goes on behind it. Nothing is durable.
///   3. Cut: a limit, an hour's end or a stop ends the open batch. Nothing is durable.
///      Then it waits until an answer of the log that was asked for after its last record says that the topic
///      is still the one that the chain is of; mostly that is known by then. One that says no ends the run.
///      Where none comes in time, the partition is read again from the chain's end.
///   4. Upload: a create-only put of the batch's object commits its range (commit_rule.h). The range is
///      durable. At most one upload of a partition is in flight, since the next range starts where this one
///      ends.
///   5. Adopt: when the put meets another writer's object, everything that was built behind it is dropped,
///      and reading goes on from the chain's end (seek, then step 2). The winner's range is durable.
///   6. Commit: what is durable is committed to the group, for lag tools. It is never ahead of the lake.
///   7. Close: hours that are over get their markers (hour_closer.h). Each marker is durable by itself.
///   8. Revoke: what is not durable is dropped; the next owner begins with step 1.
///   9. Catch up, when that is wanted: the end of each partition is asked for; what lies below it is read,
///      cut and uploaded, and read again after an adoption; partitions of other members are waited for.
///      Everything below the ends is durable.
///   10. Stop: everything is cut and uploaded, then the group is left. All that was read is durable, or the
///      run ends with an error.
/// A crash between any two steps is a revoke without a word: the lake is a valid chain at any time.
class SinkRunner::Loop final : public log::ConsumerHandler {
 public:
  Loop(SinkRunner& runner, const log::TopicInfo& topic, lake_reader::LakeReader lake,
       std::unique_ptr<log::Consumer> consumer)
      : runner_(runner),
        topic_(topic),
        lake_(std::move(lake)),
        partitions_(topic.partitions),
        consumer_(std::move(consumer)),
        state_(topic.id, runner.options_.limits, lake::LineEncoder(runner.options_.value_bytes_max)),
        heads_(runner.store_, lake_.places(), topic.name),
        uploader_(runner.store_, runner.clock_,
                  {topic.name, lake_.places(), runner.options_.compression, runner.options_.writer,
                   runner.options_.upload_threads, &heads_}),
        closer_(runner.log_, runner.store_, lake_, topic),
        asker_(runner.log_, lake_, runner.clock_, topic.id,
               {runner.options_.compression, runner.options_.value_bytes_max}),
        outage_(runner.options_.outage_max),
        caught_up_(runner.options_.timers, runner.options_.consumer.session_timeout),
        hours_(runner.options_.timers, runner.options_.hour_grace) {}

  Result<void> run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      SDP_RETURN_IF_ERROR(poll());
      state_.tick(now());
      SDP_RETURN_IF_ERROR(settle(std::chrono::milliseconds(0)));
      SDP_RETURN_IF_ERROR(upload_confirmed());
      SDP_RETURN_IF_ERROR(take_answers());
      close_hours();
      say_standing();
      if (runner_.finish_when_caught_up_) {
        SDP_TRY(const Ends ends, catch_up());
        if (ends == Ends::durable) break;
        if (ends == Ends::given_up) return give_up_others();
        // What it cut does not wait for a poll.
        SDP_RETURN_IF_ERROR(execute());
      }
    }
    return shut_down();
  }

  Result<std::vector<log::PartitionOffset>> on_assigned(std::span<const log::Partition> partitions) override {
    const auto progress = [&](std::uint64_t listed) {
      log_event("sink.lake.listing", {{"topic", topic_.name}, {"objects", listed}});
    };
    SDP_TRY(auto points, lake_.chain_points(topic_.id, partitions, progress));
    std::vector<log::PartitionOffset> starts;
    std::vector<lake::ChainHead> found;
    for (const log::Partition partition : partitions) {
      lake_reader::ChainPoint& point = points.at(partition);
      if (!point.hinted) found.push_back({{topic_.id, partition}, point.end, point.object_key});
      starts.push_back({partition, point.end});
      log_event("sink.partition.assigned",
                {{"topic", topic_.name}, {"partition", partition}, {"offset", point.end}});
      start_at(partition, std::move(point), false);
    }
    heads_.found(found);
    caught_up_.assigned(now());
    runner_.observer_.rebalanced();
    note_added(partitions);
    return starts;
  }

  void on_revoked(std::span<const log::Partition> partitions, bool lost) override {
    for (const log::Partition partition : partitions) {
      state_.revoked(partition);
      unchecked_.erase(partition);
      unnamed_.erase(partition);
      drop_held(partition);
      moves_.erase(partition);
      unreadable_.erase(partition);
      committed_.erase(partition);
      log_ends_.erase(partition);
      log_event("sink.partition.revoked", {{"topic", topic_.name}, {"partition", partition}, {"lost", lost}});
    }
    caught_up_.assigned(now());
    runner_.observer_.rebalanced();
  }

  Result<void> on_record(const log::RecordView& record) override {
    if (unnamed_.contains(record.partition)) {
      SDP_TRY(const bool is_in_lake, follow(record.partition, {record.offset, record.timestamp}));
      if (is_in_lake) return {};
    }
    state_.append(record, poll_time_);
    return {};
  }

  void on_end(log::Partition partition, log::Offset end) override { state_.read_to(partition, end); }

  /// The start of a partition that is not checked yet may be gone from the log: the check says what that
  /// means.
  Result<void> on_gap(log::Partition partition, Error error) override {
    if (unchecked_.contains(partition)) return {};
    return std::unexpected(std::move(error));
  }

  /// Where the batch ends is asked for, and meanwhile all other partitions go on.
  Result<void> on_unreadable(log::Partition partition, log::Offset at) override {
    unreadable_.insert_or_assign(partition, Unreadable{at});
    ask_unreadable(partition);
    return {};
  }

 private:
  /// What became of the ends that were to be come to.
  enum class Ends {
    ahead,     ///< not all are durable yet
    durable,   ///< everything below them is in the lake
    given_up,  ///< other members did not make their part durable in time
  };

  /// Where a partition starts that was assigned at `since`.
  struct Unchecked {
    log::Offset start = 0;
    SteadyTime since;
    std::optional<lake::ObjectMeta> last;  ///< the object that ends there
    bool listed = false;                   ///< by a listing, not by a hint
    bool asked = false;                    ///< for the listing, or the last record
  };

  struct LogEnd {
    log::Offset end = 0;
    SteadyTime asked_at;
  };

  /// A batch that is to be uploaded when all of it is known to be of our topic.
  struct Unconfirmed {
    Batch batch;
    log::DeliveryMark mark = 0;
    SteadyTime since;
  };

  /// A batch that a partition waits at.
  struct Unreadable {
    log::Offset at = 0;
    bool asked = false;  ///< for its end
  };

  SteadyTime now() const { return runner_.clock_.steady_now(); }

  /// Reading of a partition begins at a point of its chain, and nothing is put before that is checked.
  void start_at(log::Partition partition, lake_reader::ChainPoint point, bool listed) {
    state_.assigned(partition, point.end);
    drop_held(partition);
    unreadable_.erase(partition);
    unnamed_.insert(partition);
    unchecked_.insert_or_assign(partition, Unchecked{point.end, now(), std::move(point.object), listed});
    asker_.ask({partition});
  }

  /// Whether the record lies in an object of the lake, which it names since it is the first behind a point of
  /// the chain. Then reading goes on from the end of that object.
  Result<bool> follow(log::Partition partition, const log::RecordStamp& record) {
    const auto position = state_.position(partition);
    if (!position || record.offset < *position) return true;
    SDP_TRY(auto next, lake_.next_object({topic_.id, partition}, *position, record.timestamp,
                                         runner_.options_.compression));
    if (!next) {
      unnamed_.erase(partition);
      moves_.erase(partition);
      return false;
    }
    moves_[partition] = next->end;
    const auto at = unchecked_.find(partition);
    start_at(partition, *std::move(next), at != unchecked_.end() && at->second.listed);
    return true;
  }

  Result<void> move() {
    for (const auto& [partition, offset] : std::exchange(moves_, {})) {
      log_event("sink.seek", {{"topic", topic_.name}, {"partition", partition}, {"offset", offset}});
      SDP_RETURN_IF_ERROR(consumer_->seek({partition, offset}));
    }
    return {};
  }

  void note_added(std::span<const log::Partition> partitions) {
    const log::Partition known = std::max(partitions_, std::ranges::max(partitions) + 1);
    if (known == partitions_) return;
    partitions_ = known;
    log_event("sink.partitions.added", {{"topic", topic_.name}, {"partitions", known}});
  }

  /// Whether something may come that a poll does not see.
  bool awaits_result() const {
    return uploader_.in_flight() > 0 || !unconfirmed_.empty() || asker_.works() || closer_.works();
  }

  Result<void> poll() {
    // One reading of the clock per poll, not per record: linger and idle are coarse.
    poll_time_ = now();
    runner_.observer_.turned(poll_time_);
    const auto timeout = awaits_result() ? kShortPoll : runner_.options_.poll_timeout;
    auto records = consumer_->poll(*this, runner_.options_.poll_records_max, timeout);
    if (!records) {
      SDP_RETURN_IF_ERROR(survive_outage(outage_, std::move(records).error()));
      runner_.clock_.sleep_for(runner_.options_.timers.outage_poll_interval);
      return {};
    }
    answered(outage_);
    runner_.metrics_.records_read += *records;
    if (*records > 0) runner_.observer_.polled(*records);
    runner_.metrics_.buffered_bytes = state_.buffered_bytes();
    return {};
  }

  void answered(OutageClock& outage) {
    const auto lasted = outage.answered(now());
    if (!lasted) return;
    caught_up_.others_moved(now());
    log_event("sink.outage.over", {{"topic", topic_.name}, {"seconds", in_seconds(*lasted)}});
  }

  Result<void> survive_outage(OutageClock& outage, Error error) {
    return runner_.survive_outage(outage, std::move(error));
  }

  /// Carries out commands and takes the results of uploads until there are no more of either at hand.
  Result<void> settle(std::chrono::milliseconds timeout) {
    SDP_RETURN_IF_ERROR(execute());
    while (auto result = uploader_.next_result(timeout)) {
      state_.reuse(std::move(result->buffer));
      SDP_RETURN_IF_ERROR(apply_upload(*result));
      SDP_RETURN_IF_ERROR(execute());
      timeout = std::chrono::milliseconds(0);
    }
    return {};
  }

  Result<void> execute() {
    SDP_RETURN_IF_ERROR(move());
    if (!state_.has_commands()) return {};
    for (Command& command : state_.take_commands()) {
      if (auto* upload = std::get_if<Upload>(&command)) {
        SDP_RETURN_IF_ERROR(upload_or_hold(std::move(upload->batch)));
      } else if (const auto* seek = std::get_if<Seek>(&command)) {
        log_event("sink.seek",
                  {{"topic", topic_.name}, {"partition", seek->to.partition}, {"offset", seek->to.offset}});
        SDP_RETURN_IF_ERROR(consumer_->seek(seek->to));
      } else if (const auto* commit = std::get_if<Commit>(&command)) {
        SDP_RETURN_IF_ERROR(consumer_->commit({&commit->next, 1}));
        committed_[commit->next.partition] = commit->next.offset;
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

  /// At most one batch of a partition is under way, so it is one that is held.
  Result<void> upload_or_hold(Batch batch) {
    const log::Partition partition = batch.chain.partition;
    if (unchecked_.contains(partition)) {
      held_.insert_or_assign(partition, std::move(batch));
      return {};
    }
    unconfirmed_.insert_or_assign(partition,
                                  Unconfirmed{std::move(batch), consumer_->delivery_mark(), now()});
    return upload_if_confirmed(partition);
  }

  Result<void> upload_if_confirmed(log::Partition partition) {
    const auto at = unconfirmed_.find(partition);
    SDP_TRY(const bool is_confirmed, consumer_->confirm(partition, at->second.mark));
    if (is_confirmed) {
      uploader_.start(std::move(at->second.batch));
      unconfirmed_.erase(at);
    } else if (!stopping_ && now() - at->second.since > runner_.options_.timers.topic_answer_max) {
      return read_again(partition);
    }
    return {};
  }

  Result<void> upload_confirmed() {
    std::vector<log::Partition> partitions;
    for (const auto& [partition, unconfirmed] : unconfirmed_) partitions.push_back(partition);
    for (const log::Partition partition : partitions) SDP_RETURN_IF_ERROR(upload_if_confirmed(partition));
    return {};
  }

  /// What is not durable of the partition is dropped.
  Result<void> read_again(log::Partition partition) {
    const log::Offset end = unconfirmed_.at(partition).batch.range.first;
    log_event("sink.partition.again", {{"topic", topic_.name}, {"partition", partition}, {"offset", end}});
    state_.assigned(partition, end);
    drop_held(partition);
    unreadable_.erase(partition);
    moves_.erase(partition);
    // At once: what a poll delivered before it would leave a hole.
    return consumer_->seek({partition, end});
  }

  void drop_held(log::Partition partition) {
    held_.erase(partition);
    unconfirmed_.erase(partition);
  }

  /// The start of a partition is the end of its chain.
  Result<void> checked(log::Partition partition) {
    unchecked_.erase(partition);
    if (auto held = held_.extract(partition)) return upload_or_hold(std::move(held.mapped()));
    return {};
  }

  Result<void> apply_upload(const UploadResult& result) {
    if (!result.outcome) return std::unexpected(result.outcome.error());
    SinkMetrics& metrics = runner_.metrics_;
    log_upload(result);
    if (std::holds_alternative<Adopted>(*result.outcome)) {
      ++metrics.objects_adopted;
      state_.upload_lost(result.partition, result.generation, result.chain_end);
      unreadable_.erase(result.partition);
      // The winner may have gone on since.
      if (state_.position(result.partition)) unnamed_.insert(result.partition);
    } else {
      ++metrics.objects_created;
      metrics.records_durable += static_cast<std::uint64_t>(result.records);
      metrics.records_rejected += static_cast<std::uint64_t>(result.rejected);
      metrics.body_bytes += result.body_bytes;
      state_.upload_done(result.partition, result.generation);
    }
    runner_.observer_.uploaded(result);
    // Producers' clocks prove no hour to be over.
    const auto over = HourSchedule::over_by_object(result.first_timestamp);
    if (over && topic_.timestamp_type == log::TimestampType::log_append_time)
      request_closing(result.partition, *over, result.range.end);
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
    if (hours_.ask(partition, through)) closer_.request({partition, through, chain_end});
  }

  /// Takes the results of closings, and asks for the hours that are over by the clock.
  void close_hours() {
    while (const auto result = closer_.next_result()) apply_closing(*result);
    if (!hours_.look(now())) return;
    const lake::Hour through = hours_.over_by_clock(runner_.clock_.utc_now());
    for (const SinkState::Progress& at : state_.progress()) {
      if (hours_.was_asked(at.partition, through)) continue;
      if (hours_.wants_end(at.partition, through)) asker_.ask({at.partition});
      if (const auto over = hours_.over_by_end(at.partition, at.durable))
        request_closing(at.partition, *over, at.chain_end);
    }
  }

  Result<void> take_answers() {
    while (auto answer = asker_.next_answer()) SDP_RETURN_IF_ERROR(apply_answer(*std::move(answer)));
    for (const auto& [partition, unchecked] : unchecked_) {
      if (!unchecked.asked) asker_.ask({partition});
    }
    for (const auto& [partition, unreadable] : unreadable_) {
      if (!unreadable.asked) ask_unreadable(partition);
    }
    return {};
  }

  void ask_unreadable(log::Partition partition) {
    Unreadable& unreadable = unreadable_.at(partition);
    unreadable.asked = true;
    asker_.ask({partition, Ask::unreadable, unreadable.at});
  }

  /// Each whole batch becomes one line, and reading goes on behind them.
  Result<void> step_over(const Question& question, const std::vector<log::UnreadableBatch>& batches) {
    const log::Partition partition = question.partition;
    const auto at = unreadable_.find(partition);
    if (at == unreadable_.end() || at->second.at != question.at) return {};
    unreadable_.erase(at);
    const auto position = state_.position(partition);
    if (!position) return {};
    // Where it was read now it may come once more.
    moves_[partition] = *position;
    for (const log::UnreadableBatch& batch : batches) {
      if (unnamed_.contains(partition)) {
        SDP_TRY(const bool is_in_lake, follow(partition, {batch.first, log::kTimeOfUnreadable}));
        if (is_in_lake) return {};
      }
      state_.append(batch, now());
      log_event("sink.batch.unreadable", {{"topic", topic_.name},
                                          {"partition", partition},
                                          {"first", batch.first},
                                          {"end", batch.end},
                                          {"reason", lake::name(lake::code_of(batch.fault))}});
      moves_[partition] = batch.end;
    }
    return {};
  }

  Result<void> apply_answer(Answer answer) {
    const log::Partition partition = answer.question.partition;
    if (!answer.found) return apply_failure(answer.question, std::move(answer.found).error());
    if (const auto outage = asking_.find(partition); outage != asking_.end()) {
      answered(outage->second);
      asking_.erase(outage);
    }
    switch (answer.question.what) {
      case Ask::lag:
        apply_lag(partition, answer.found->lag);
        return {};
      case Ask::last_record:
        return check_last_record(answer.question, answer.found->last_record);
      case Ask::unreadable:
        return step_over(answer.question, answer.found->unreadable);
      case Ask::listing:
        apply_listing(partition, std::move(answer.found->point));
        return {};
      case Ask::ends:
        break;
    }
    const log::Watermarks& available = answer.found->available;
    log_ends_[partition] = {available.end, answer.asked_at};
    caught_up_.ended(partition, available.end, answer.asked_at);
    hours_.ended(partition, hours_.over_by_clock(answer.asked_at_utc), available.end);
    return check_start(partition, available, answer.asked_at);
  }

  /// Compares the start of a partition, which is its chain's end, with what the log has.
  Result<void> check_start(log::Partition partition, const log::Watermarks& available, SteadyTime asked_at) {
    const auto at = unchecked_.find(partition);
    // An older answer may be of a log that had not yet what the chain has now.
    if (at == unchecked_.end() || asked_at < at->second.since) return {};
    Unchecked& unchecked = at->second;
    // What came proves that the log had the start, wherever it begins now.
    if (state_.position(partition) <= unchecked.start) {
      if (available.start > unchecked.start && !unchecked.listed) {
        // The lake may have more than the hint said, and the log cannot name it any more.
        unchecked.asked = true;
        asker_.ask({partition, Ask::listing});
        return {};
      }
      const bool has_start = available.start <= unchecked.start && unchecked.start <= available.end;
      if (!has_start) SDP_RETURN_IF_ERROR(check_topic());
      SDP_TRY(const log::Offset start,
              start_offset(runner_.store_, lake_, {topic_.id, partition}, topic_.name, unchecked.start,
                           available, runner_.options_.gaps));
      if (start != unchecked.start) {
        state_.assigned(partition, start);
        drop_held(partition);
        unreadable_.erase(partition);
        unchecked_.erase(at);
        moves_[partition] = start;
        return {};
      }
    }
    if (!unchecked.last || unchecked.start - 1 < available.start) return checked(partition);
    unchecked.asked = true;
    asker_.ask({partition, Ask::last_record, unchecked.start - 1});
    return {};
  }

  /// Before anything is called lost: what was told may be of a topic that was created since.
  Result<void> check_topic() {
    auto found = runner_.log_.describe();
    if (!found) return survive_outage(outage_, std::move(found).error());
    if (found->id == topic_.id) return {};
    return std::unexpected(log::created_again_error(topic_.name, topic_.id, found->id));
  }

  /// Compares the log's record before the start of a partition with the last object of its chain.
  Result<void> check_last_record(const Question& question, const std::optional<LastRecord>& record) {
    const auto at = unchecked_.find(question.partition);
    if (at == unchecked_.end() || at->second.start - 1 != question.at || !at->second.last) return {};
    const auto differs = difference(*at->second.last, record);
    if (!differs) return checked(question.partition);
    SDP_RETURN_IF_ERROR(check_topic());
    return fail(
        ErrorKind::data_gap,
        fmt::format(
            "topic {} {}: the log's record at offset {} is not the one that the lake holds: {}. The log was "
            "cut "
            "and filled again: it lost records that it had acknowledged (unclean leader election, restored "
            "broker?). Nothing is written; compare with `spotify-pipeline verify`, and send new events to a "
            "new topic",
            topic_.name, describe(lake::ChainId{topic_.id, question.partition}), question.at, *differs));
  }

  void apply_listing(log::Partition partition, lake_reader::ChainPoint point) {
    const auto at = unchecked_.find(partition);
    if (at == unchecked_.end()) return;
    at->second.listed = true;
    at->second.asked = false;
    if (point.end <= at->second.start) return;
    heads_.found({{{topic_.id, partition}, point.end, point.object_key}});
    moves_[partition] = point.end;
    start_at(partition, std::move(point), true);
  }

  /// A partition that cannot be asked for holds up nobody else: it delivers nothing either, its hours stay
  /// open, and all of it is asked for again. Who waits for its end outlasts it like a log that cannot be
  /// polled.
  Result<void> apply_failure(const Question& question, Error error) {
    if (question.what == Ask::unreadable) {
      const auto at = unreadable_.find(question.partition);
      if (at == unreadable_.end() || at->second.at != question.at) return {};
      at->second.asked = false;
      log_unanswered(question, error);
      if (error.kind == ErrorKind::data_gap) {
        // Deleted since it was come to: the partition's own position tells what that means.
        unreadable_.erase(at);
        if (const auto position = state_.position(question.partition)) moves_[question.partition] = *position;
        return {};
      }
      if (error.kind != ErrorKind::unavailable && error.kind != ErrorKind::retry)
        return std::unexpected(std::move(error));
    } else if (const auto at = unchecked_.find(question.partition); at != unchecked_.end()) {
      // It is deleted since its end was asked for, and nothing is left to compare.
      if (question.what == Ask::last_record && error.kind == ErrorKind::data_gap) {
        return at->second.start - 1 == question.at ? checked(question.partition) : Result<void>{};
      }
      at->second.asked = false;
      log_unanswered(question, error);
      if (error.kind != ErrorKind::unavailable && error.kind != ErrorKind::retry)
        return std::unexpected(std::move(error));
    }
    if (!runner_.finish_when_caught_up_) return {};
    // Deleted since the partition's start was asked for: it is lag at the next try.
    if (question.what == Ask::lag && error.kind == ErrorKind::data_gap) return {};
    if (error.kind == ErrorKind::unavailable) error.kind = ErrorKind::retry;
    const auto at = asking_.try_emplace(question.partition, runner_.options_.outage_max).first;
    return survive_outage(at->second, std::move(error));
  }

  void log_unanswered(const Question& question, const Error& error) const {
    log_event("sink.partition.unanswered", {{"topic", topic_.name},
                                            {"partition", question.partition},
                                            {"kind", name(error.kind)},
                                            {"message", error.message}});
  }

  void apply_lag(log::Partition partition, log::Offset lag) {
    if (lag == 0) {
      caught_up_.other_is_durable(partition);
      caught_up_.others_moved(now());
    }
    const auto [known, first] = others_lag_.try_emplace(partition, lag);
    if (lag != known->second) caught_up_.others_moved(now());
    known->second = lag;
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
    hours_.closed(result.request.partition, result.request.through);
    runner_.metrics_.hours_closed += result.closed->size();
    runner_.observer_.hours_closed(result.closed->size());
    for (const lake::HourMarker& marker : *result.closed) {
      log_event("hours.closed", {{"topic", topic_.name},
                                 {"partition", marker.chain.partition},
                                 {"hour", lake::format_hour(marker.hour)},
                                 {"end", marker.range.end},
                                 {"records", marker.records},
                                 {"objects", marker.objects}});
    }
  }

  Result<Ends> catch_up() {
    caught_up_.begin(now());
    bool durable = true;
    for (const SinkState::Progress& at : state_.progress()) {
      const auto end = caught_up_.end_of(at.partition);
      if (!end) asker_.ask({at.partition});
      if (end && at.durable >= *end && !unchecked_.contains(at.partition)) continue;
      durable = false;
      log_waiting(at.partition, "position", end);
      // All of it was read: no batch has to wait for more.
      if (end && at.read >= *end) state_.cut_below(at.partition, *end);
    }
    return durable ? wait_for_others() : Ends::ahead;
  }

  Result<Ends> wait_for_others() {
    const std::vector<log::Partition> late = late_others();
    if (late.empty() && caught_up_.was_assigned()) return close_what_is_over();
    switch (caught_up_.others(now())) {
      case CaughtUpRule::Others::expired:
        // There may be more members than partitions.
        return late.empty() ? close_what_is_over() : Ends::given_up;
      case CaughtUpRule::Others::wait:
        break;
      case CaughtUpRule::Others::look:
        for (const log::Partition partition : late) {
          if (const auto end = caught_up_.end_of(partition)) {
            asker_.ask({partition, Ask::lag, *end});
          } else {
            asker_.ask({partition});
          }
          log_waiting(partition, "others", caught_up_.end_of(partition));
        }
        break;
    }
    return Ends::ahead;
  }

  /// Hours that were over when their partition's end was asked for are closed before the run ends. A closing
  /// that fails is left to the next run: no event depends on it.
  Ends close_what_is_over() {
    for (const SinkState::Progress& at : state_.progress()) {
      if (const auto over = hours_.over_by_end(at.partition, at.durable))
        request_closing(at.partition, *over, at.chain_end);
    }
    if (closer_.works()) return Ends::ahead;
    log_event("sink.caught_up", {{"topic", topic_.name}});
    return Ends::durable;
  }

  /// Partitions that are not ours, and of which we do not know that they are durable.
  std::vector<log::Partition> late_others() const {
    std::vector<log::Partition> late;
    for (log::Partition partition = 0; partition < partitions_; ++partition) {
      if (!state_.position(partition) && !caught_up_.is_other_durable(partition)) late.push_back(partition);
    }
    return late;
  }

  void log_waiting(log::Partition partition, std::string_view reason, std::optional<log::Offset> end) const {
    if (!end) reason = "end";
    log_event(
        "sink.caught_up.waiting",
        {{"topic", topic_.name}, {"partition", partition}, {"behind", end.value_or(0)}, {"reason", reason}});
  }

  Result<void> give_up_others() {
    const std::vector<log::Partition> late = late_others();
    SDP_RETURN_IF_ERROR(shut_down());
    return fail(
        ErrorKind::retry,
        fmt::format(
            "topic {}: partitions {} are not all in the lake: other members of group {} own them and "
            "made nothing durable for {} s. What this sink read is durable; look at the other members, "
            "or start it again",
            topic_.name, fmt::join(late, " "), runner_.options_.consumer.group,
            std::chrono::duration_cast<std::chrono::seconds>(runner_.options_.consumer.session_timeout +
                                                             runner_.options_.timers.others_are_late)
                .count()));
  }

  void say_standing() {
    if (said_at_ && now() - *said_at_ < runner_.options_.timers.standing_interval) return;
    said_at_ = now();
    for (const SinkState::Progress& at : state_.progress()) {
      if (at.paused &&
          now() - log_ends_[at.partition].asked_at >= runner_.options_.timers.paused_end_interval)
        asker_.ask({at.partition});
    }
    runner_.observer_.stands(standing());
  }

  /// Where the partition's log ends, as far as it is known: by the last fetch, or by the last answer.
  std::optional<log::Offset> log_end(log::Partition partition) const {
    const auto fetched = consumer_->known_end(partition);
    const auto asked = log_ends_.find(partition);
    if (asked == log_ends_.end() || asked->second.end <= fetched.value_or(0)) return fetched;
    return asked->second.end;
  }

  SinkStanding standing() {
    SinkStanding found;
    found.log_answers = outage_.lasts(now()).count() == 0;
    found.was_assigned = caught_up_.was_assigned();
    found.stopping = stopping_;
    found.uploads = uploader_.in_flight();
    if (const auto oldest = uploader_.oldest())
      found.oldest_upload = std::chrono::duration_cast<std::chrono::milliseconds>(now() - *oldest);
    found.buffered_bytes = state_.buffered_bytes();
    const lake::Hour over = hours_.over_by_clock(runner_.clock_.utc_now());
    for (const SinkState::Progress& at : state_.progress()) {
      const auto committed = committed_.find(at.partition);
      found.partitions.push_back(
          {.partition = at.partition,
           .durable = at.durable,
           .committed = committed == committed_.end() ? std::nullopt : std::optional(committed->second),
           .log_end = log_end(at.partition),
           .open_hours = hours_.open_hours(at.partition, over)});
    }
    return found;
  }

  Result<void> shut_down() {
    log_event("sink.stopping", {{"topic", topic_.name}, {"buffered_bytes", state_.buffered_bytes()}});
    stopping_ = true;
    runner_.observer_.stands(standing());
    state_.shut_down();
    const SteadyTime deadline = now() + runner_.options_.shutdown_max;
    SDP_RETURN_IF_ERROR(settle(std::chrono::milliseconds(0)));
    while (!state_.drained()) {
      if (now() > deadline) {
        return fail(
            ErrorKind::unavailable,
            fmt::format("{} within {} s of the stop; what is not durable stays in topic {} and is read again",
                        unconfirmed_.empty()
                            ? runner_.store_.describe() + ": uploads did not finish"
                            : "the log did not tell whether the topic is still the one that was read",
                        runner_.options_.shutdown_max.count() / 1000, topic_.name));
      }
      runner_.observer_.turned(now());
      SDP_RETURN_IF_ERROR(settle(unconfirmed_.empty() ? std::chrono::milliseconds(50) : kShortPoll));
      SDP_RETURN_IF_ERROR(upload_confirmed());
      SDP_RETURN_IF_ERROR(take_answers());
      say_standing();
    }
    heads_.flush();
    return consumer_->close(*this);
  }

  SinkRunner& runner_;
  const log::TopicInfo topic_;
  const lake_reader::LakeReader lake_;
  log::Partition partitions_;  ///< of the topic, as far as we know
  std::unique_ptr<log::Consumer> consumer_;
  SinkState state_;
  HeadKeeper heads_;
  Uploader uploader_;
  HourCloser closer_;
  LogAsker asker_;
  OutageClock outage_;
  std::map<log::Partition, OutageClock> asking_;       ///< partitions that could not be asked for
  std::map<log::Partition, Unchecked> unchecked_;      ///< starts that were not compared with the log yet
  std::set<log::Partition> unnamed_;                   ///< whose next record may name an object of the lake
  std::map<log::Partition, Batch> held_;               ///< to be uploaded when the start is checked
  std::map<log::Partition, Unconfirmed> unconfirmed_;  ///< to be uploaded when it is of our topic
  std::map<log::Partition, Unreadable> unreadable_;    ///< batches whose end is not known yet
  std::map<log::Partition, log::Offset> moves_;        ///< seeks to be done behind the poll
  std::map<log::Partition, log::Offset> others_lag_;   ///< of partitions that are not ours, as last found
  std::map<log::Partition, log::Offset> committed_;    ///< to the group, by us
  std::map<log::Partition, LogEnd> log_ends_;          ///< as last answered
  CaughtUpRule caught_up_;
  HourSchedule hours_;
  std::optional<SteadyTime> said_at_;  ///< how things stand
  bool stopping_ = false;
  SteadyTime poll_time_;
};

SinkRunner::SinkRunner(log::EventLog& log, store::ObjectStore& store, Clock& clock, SinkOptions options,
                       SinkObserver& observer)
    : log_(log), store_(store), clock_(clock), options_(std::move(options)), observer_(observer) {}

SinkRunner::~SinkRunner() = default;

Result<void> SinkRunner::survive_outage(OutageClock& outage, Error error) {
  if (error.kind != ErrorKind::retry) return std::unexpected(std::move(error));
  const std::string& topic = log_.topic_name();
  const SteadyTime now = clock_.steady_now();
  switch (outage.failed(now)) {
    case OutageClock::Failure::begun:
      ++metrics_.outages;
      observer_.outage_begun();
      log_event(
          "sink.outage.begun",
          {{"topic", topic}, {"limit_s", options_.outage_max.count() / 1000}, {"message", error.message}});
      break;
    case OutageClock::Failure::lasting:
      break;
    case OutageClock::Failure::exceeded:
      log_event("sink.outage.exceeded",
                {{"topic", topic}, {"seconds", in_seconds(outage.lasts(now))}, {"message", error.message}});
      return fail(ErrorKind::unavailable, error.message);
  }
  return {};
}

/// The topic; nothing when a stop was wanted meanwhile. Brokers that are out of reach are outlasted as later
/// on, and a topic that does not exist is waited for as long as was asked.
Result<std::optional<log::TopicInfo>> SinkRunner::find_topic(const std::stop_token& stop) {
  OutageClock outage(options_.outage_max);
  const SteadyTime begun = clock_.steady_now();
  while (!stop.stop_requested()) {
    observer_.turned(clock_.steady_now());
    auto topic = log_.describe();
    if (topic) {
      if (const auto lasted = outage.answered(clock_.steady_now()))
        log_event("sink.outage.over", {{"topic", topic->name}, {"seconds", in_seconds(*lasted)}});
      return std::optional(*std::move(topic));
    }
    Error error = std::move(topic).error();
    if (error.kind == ErrorKind::bad_input) {
      static_cast<void>(outage.answered(clock_.steady_now()));
      if (clock_.steady_now() - begun >= options_.topic_wait) {
        return fail(
            ErrorKind::misconfigured,
            fmt::format("{}. A sink creates no topic: run `spotify-pipeline init`. --wait-topic SECONDS "
                        "waits for one",
                        error.message));
      }
      log_event("sink.topic.waiting", {{"topic", log_.topic_name()},
                                       {"limit_s", options_.topic_wait.count() / 1000},
                                       {"message", error.message}});
    } else {
      if (error.kind == ErrorKind::unavailable) error.kind = ErrorKind::retry;
      SDP_RETURN_IF_ERROR(survive_outage(outage, std::move(error)));
    }
    clock_.sleep_for(options_.timers.outage_poll_interval);
  }
  return std::optional<log::TopicInfo>();
}

Result<lake::Places> SinkRunner::check_surroundings(const log::TopicInfo& topic) {
  if (topic.compacted) {
    return fail(ErrorKind::misconfigured,
                fmt::format("topic {} is compacted: Kafka removes records from it, so that nothing could be "
                            "proved. Set cleanup.policy=delete",
                            topic.name));
  }
  if (topic.timestamp_type != log::TimestampType::log_append_time) {
    log_event("sink.topic.create_time", {{"topic", topic.name}});
  }
  SDP_TRY(const auto found, lake_reader::find_layout(store_));
  SDP_RETURN_IF_ERROR(store::probe_create_only(store_, found.places.probe_key()));
  lake::LakeLayout layout;
  layout.compression = options_.compression;
  layout.topic = topic.name;
  SDP_RETURN_IF_ERROR(agree_on_layout(store_, found, layout));
  return found.places;
}

Result<void> SinkRunner::sink_records(const std::stop_token& stop) {
  SDP_TRY(const auto found, find_topic(stop));
  if (!found) return {};
  const log::TopicInfo& topic = *found;
  // It finds its group while the lake is looked at, and joins with its first poll.
  log::ConsumerOptions member = options_.consumer;
  member.topic_id = topic.id;
  SDP_TRY(auto consumer, log_.open_consumer(member));
  SDP_TRY(const lake::Places places, check_surroundings(topic));
  SDP_TRY(auto overrides, lake_reader::read_overrides(store_, places));
  lake_reader::LakeReader lake(store_, places, std::move(overrides));
  log_event(
      "sink.listening",
      {{"topic", topic.name}, {"topic_id", base::to_string(topic.id)}, {"partitions", topic.partitions}});
  observer_.listening(topic);
  Loop loop(*this, topic, std::move(lake), std::move(consumer));
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
