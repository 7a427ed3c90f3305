#include "simulate/simulate_runner.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace sdp::simulate {
namespace {

using std::chrono::milliseconds;

/// From this rate on events go out in groups: to wake up for each of them costs more than to make it.
constexpr double kGroupedRateMin = 200;
constexpr milliseconds kGroupedSleepMin{5};
/// The longest sleep between two looks at the stop token.
constexpr milliseconds kSleepMax{50};
constexpr milliseconds kReportInterval{1'000};
constexpr milliseconds kLookInterval{1'000};
/// Unpaced, the clock is read once in so many events.
constexpr std::uint64_t kEventsPerClockRead = 256;

}  // namespace

SimulateRunner::SimulateRunner(const SimulationSpec& spec, EventSource& source, Outlets outlets, Clock& clock,
                               SimulateObserver& observer, SimulateOptions options)
    : ahead_(options.threads > 1 ? std::make_unique<SourceAhead>(source, options.threads) : nullptr),
      records_(spec, ahead_ ? *ahead_ : source),
      outlets_(std::move(outlets)),
      clock_(clock),
      observer_(observer),
      spec_(spec),
      options_(options),
      each_event_(shows_each_event(spec, options.verbose)),
      plan_(spec, options.transactions),
      pacer_(spec, {}) {}

Result<SimulateSummary> SimulateRunner::run(std::stop_token stop) {
  before_ = outlets_.counts();
  start_ = reported_at_ = looked_at_ = clock_.steady_now();
  newest_.no_earlier = clock_.utc_now();
  pacer_ = Pacer(spec_, start_);
  produced_ = reported_ = aborted_ = 0;
  stopped_ = steered_ = false;
  stopped_after_.reset();
  auto sent = send_all(stop);
  if (sent) sent = end_batch();
  const auto settled = settle();
  newest_.no_later = clock_.utc_now();
  // Whatever came of it, the last report is the final count.
  tell_progress(clock_.steady_now());
  if (!sent) return fail(sent.error().kind, fmt::format("{}; {}", sent.error().message, counts_text()));
  SDP_RETURN_IF_ERROR(settled);
  const auto last = progress(clock_.steady_now());
  return SimulateSummary{.produced = produced_,
                         .acked = last.acked,
                         .aborted = aborted_,
                         .elapsed = last.elapsed,
                         .stopped = stopped_,
                         .stopped_after = stopped_after_,
                         .steered = steered_,
                         .newest = newest_};
}

Result<void> SimulateRunner::send_all(const std::stop_token& stop) {
  bool is_taken = false;
  while (!stop.stop_requested()) {
    if (!records_.next(record_)) return records_.ended();
    is_taken = pacer_.paced() && !wait_until_due(stop);
    if (is_taken) break;
    if (pacer_.paced() || produced_ % kEventsPerClockRead == 0) newest_.no_earlier = clock_.utc_now();
    SDP_RETURN_IF_ERROR(take());
    if (pacer_.paced() || produced_ % kEventsPerClockRead == 0) {
      const SteadyTime now = clock_.steady_now();
      report(now);
      look(now);
    }
  }
  stopped_ = true;
  return send_held(is_taken);
}

/// A listener who is offline comes back before the end: of what the injector took of the source, nothing is
/// lost. `is_taken`: record_ is not sent yet; one that nothing was done to is an event that did not happen.
Result<void> SimulateRunner::send_held(bool is_taken) {
  const bool is_touched = is_taken && !record_.faults.empty();
  if (!is_touched && !records_.holds_any()) return {};
  stopped_after_ = records_.events();
  records_.end_after(*stopped_after_);
  newest_.no_earlier = clock_.utc_now();
  if (is_taken) SDP_RETURN_IF_ERROR(take());
  while (records_.next(record_)) SDP_RETURN_IF_ERROR(take());
  return {};
}

/// False when a stop was asked for meanwhile. Less than a millisecond early counts as due: at high rates the
/// clock's sleep is too coarse, and the schedule evens it out.
bool SimulateRunner::wait_until_due(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const SteadyTime now = clock_.steady_now();
    const milliseconds least = spec_.rate >= kGroupedRateMin ? kGroupedSleepMin : milliseconds(1);
    const auto wait = std::chrono::floor<milliseconds>(pacer_.due(produced_, record_.due) - now);
    if (wait < milliseconds(1)) return true;
    report(now);
    look(now);
    clock_.sleep_for(std::clamp(wait, least, kSleepMax));
  }
  return false;
}

/// record_ is due.
Result<void> SimulateRunner::take() {
  if (!options_.transactions.any()) {
    SDP_RETURN_IF_ERROR(send(record_, produced_));
    ++produced_;
    return {};
  }
  if (batched_ == 0) way_ = plan_.next();
  if (way_ == BatchWay::plain) {
    SDP_RETURN_IF_ERROR(send(record_, produced_));
  } else {
    batch_.push_back(record_);
  }
  ++produced_;
  return ++batched_ < kTransactionRecords ? Result<void>{} : end_batch();
}

Result<void> SimulateRunner::send(const SimulatedRecord& record, std::uint64_t sequence) {
  const auto& outlet = outlets_.of(record.source_type);
  if (auto sent = outlet.producer->send(outgoing(record, sequence, log::TransactionEnd::commit)); !sent) {
    return std::unexpected(
        sent.error().in(fmt::format("simulate: record {} of user {}", sequence, record.key)));
  }
  tell_of(record);
  return hand_over_labels();
}

/// With a place for what its label waits for. In a transaction that is aborted each record has a label.
log::Outgoing SimulateRunner::outgoing(const SimulatedRecord& record, std::uint64_t sequence,
                                       log::TransactionEnd end) {
  log::Outgoing out{.key = record.key, .value = record.value};
  if (!labeller_) return out;
  const std::string& topic = outlets_.of(record.source_type).topic;
  if (end == log::TransactionEnd::abort) {
    out.placement = labels_.add(aborted_head(record, sequence, topic));
  } else if (!record.faults.empty()) {
    out.placement = labels_.add(label_heads(record, sequence, topic));
  }
  return out;
}

/// Sends what waits for the end of the batch.
Result<void> SimulateRunner::end_batch() {
  batched_ = 0;
  if (batch_.empty()) return {};
  newest_.no_earlier = clock_.utc_now();
  if (way_ == BatchWay::aborted_first) {
    SDP_RETURN_IF_ERROR(send_transactions(log::TransactionEnd::abort));
    aborted_ += batch_.size();
  }
  SDP_RETURN_IF_ERROR(send_transactions(log::TransactionEnd::commit));
  for (const SimulatedRecord& record : batch_) tell_of(record);
  batch_.clear();
  return hand_over_labels();
}

/// The batch, as a transaction of each producer that has records of it.
Result<void> SimulateRunner::send_transactions(log::TransactionEnd end) {
  const std::uint64_t first = produced_ - batch_.size();
  for (log::Producer* const producer : outlets_.all()) {
    std::vector<log::Outgoing> records;
    for (std::size_t i = 0; i < batch_.size(); ++i) {
      if (outlets_.of(batch_[i].source_type).producer == producer)
        records.push_back(outgoing(batch_[i], first + i, end));
    }
    if (records.empty()) continue;
    if (auto sent = producer->send_transaction(records, end); !sent) {
      return std::unexpected(
          sent.error().in(fmt::format("simulate: a transaction before record {}", produced_)));
    }
  }
  return {};
}

void SimulateRunner::tell_of(const SimulatedRecord& record) {
  if (oracle_) simulate::tell(*oracle_, record);
  if (each_event_) observer_.on_record(record);
}

/// Those whose places are known. When too many wait, all records are confirmed first.
Result<void> SimulateRunner::hand_over_labels() {
  if (!labeller_) return {};
  if (labels_.waiting() >= kLabelsWaitingMax) SDP_RETURN_IF_ERROR(outlets_.flush(options_.flush_timeout));
  if (const std::string lines = labels_.take(); !lines.empty()) SDP_RETURN_IF_ERROR(labeller_(lines));
  return labels_.waiting() < kLabelsWaitingMax ? Result<void>{} : not_delivered();
}

/// What changes begins a new schedule, here and now.
void SimulateRunner::look(SteadyTime now) {
  if (!look_ || now - looked_at_ < kLookInterval) return;
  looked_at_ = now;
  const auto steering = look_();
  if (!steering) return;
  if (records_.set_rates(steering->faults)) steered_ = true;
  if (steering->rate == spec_.rate) return;
  spec_.rate = steering->rate;
  pacer_ = Pacer(spec_, now, produced_, record_.due);
}

void SimulateRunner::report(SteadyTime now) {
  if (now - reported_at_ < kReportInterval) return;
  tell_progress(now);
  reported_at_ = now;
  reported_ = produced_;
}

void SimulateRunner::tell_progress(SteadyTime now) {
  const SimulateProgress reached = progress(now);
  observer_.stands(reached);
  if (!each_event_) observer_.on_progress(reached);
}

SimulateProgress SimulateRunner::progress(SteadyTime now) const {
  const auto counts = outlets_.counts();
  const std::chrono::duration<double> since = now - reported_at_;
  return {.produced = produced_,
          .acked = counts.acked - before_.acked,
          .failed = counts.failed - before_.failed,
          .elapsed = std::chrono::floor<milliseconds>(now - start_),
          .events_per_second =
              since.count() > 0 ? static_cast<double>(produced_ - reported_) / since.count() : 0};
}

/// Waits until the fate of every event is known, and is content only when all were acked. Then all labels are
/// handed over.
Result<void> SimulateRunner::settle() {
  if (auto flushed = outlets_.flush(options_.flush_timeout); !flushed) {
    return fail(flushed.error().kind,
                fmt::format("simulate: {}; {}", flushed.error().message, counts_text()));
  }
  const auto last = progress(clock_.steady_now());
  return last.acked == produced_ && last.failed == 0 ? hand_over_labels() : not_delivered();
}

std::unexpected<Error> SimulateRunner::not_delivered() const {
  const std::string reason = outlets_.first_failure();
  return fail(
      ErrorKind::unavailable,
      fmt::format(
          "simulate: not every event was delivered: {}{}{}; check that the log is up and has room, then "
          "run again",
          counts_text(), reason.empty() ? "" : "; first failure: ", reason));
}

std::string SimulateRunner::counts_text() const {
  const auto last = progress(start_);
  return fmt::format("{} produced, {} acked, {} failed", produced_, last.acked, last.failed);
}

}  // namespace sdp::simulate
