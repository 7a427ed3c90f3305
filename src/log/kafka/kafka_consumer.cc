#include "log/kafka/kafka_consumer.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "base/retry.h"
#include "diag/log.h"
#include "log/kafka/error.h"
#include "log/kafka/record.h"
#include "log/starts.h"

namespace sdp::log::kafka {
namespace {

using diag::log_event;

// Members hear of a rebalance by their heartbeats, and a partition moves in two rounds.
constexpr std::chrono::milliseconds kHeartbeatMax{1'000};
/// Between two questions for the topic's id that nobody waits for, and between those of which somebody does.
constexpr std::chrono::milliseconds kAskAhead{250};
constexpr std::chrono::milliseconds kAskAgain{5};
constexpr std::chrono::milliseconds kSeekPause{10};
/// So long a partition that was assigned just now may refuse a seek because its fetching has not begun.
constexpr std::chrono::milliseconds kStartMax{1'000};
constexpr int kLeavePollMs = 20;

/// The handler of a consumer that is destroyed without close(): it takes no partition and no record.
class LeavingHandler final : public ConsumerHandler {
 public:
  Result<std::vector<PartitionOffset>> on_assigned(std::span<const Partition>) override {
    return fail(ErrorKind::interrupted, "the consumer is being closed");
  }
  void on_revoked(std::span<const Partition>, bool) override {}
  Result<void> on_record(const RecordView&) override { return {}; }
};

std::vector<Property> group_properties(const ConsumerOptions& options) {
  const auto heartbeat = std::min(kHeartbeatMax, options.session_timeout / 3);
  // librdkafka wants no poll interval below the session time-out.
  const auto poll_interval = std::max(options.max_poll_interval, options.session_timeout);
  return {{"group.id", options.group},
          {"session.timeout.ms", std::to_string(options.session_timeout.count())},
          {"heartbeat.interval.ms", std::to_string(heartbeat.count())},
          {"max.poll.interval.ms", std::to_string(poll_interval.count())}};
}

}  // namespace

Result<std::unique_ptr<Consumer>> KafkaConsumer::open(const KafkaSettings& settings, const std::string& topic,
                                                      TopicId topic_id, const ConsumerOptions& options,
                                                      std::shared_ptr<Admin> admin) {
  std::unique_ptr<KafkaConsumer> consumer(
      new KafkaConsumer(settings, topic, topic_id, options.group, std::move(admin)));
  SDP_TRY(consumer->client_, open_client(Role::consumer, settings, *consumer, group_properties(options)));
  rd_kafka_t* client = consumer->client_.get();
  rd_kafka_poll_set_consumer(client);
  consumer->queue_.reset(rd_kafka_queue_get_consumer(client));
  consumer->topic_handle_.reset(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  return consumer;
}

KafkaConsumer::~KafkaConsumer() {
  LeavingHandler handler;
  static_cast<void>(close(handler).has_value());
}

Result<void> KafkaConsumer::join() {
  const PartitionListHandle subscription(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(subscription.get(), topic_.c_str(), RD_KAFKA_PARTITION_UA);
  const auto code = rd_kafka_subscribe(client_.get(), subscription.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(error("cannot subscribe", code));
  has_joined_ = true;
  return {};
}

Error KafkaConsumer::error(std::string_view what, rd_kafka_resp_err_t code, std::string_view detail) const {
  return make_error(settings_, fmt::format("group {} on topic {}: {}", group_, topic_, what), code, detail);
}

PartitionListHandle KafkaConsumer::list_of(std::span<const PartitionOffset> positions) const {
  PartitionListHandle list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
  for (const auto& [partition, offset] : positions) {
    rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition)->offset = offset;
  }
  return list;
}

PartitionListHandle KafkaConsumer::list_of(std::span<const Partition> partitions) const {
  PartitionListHandle list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const Partition partition : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition);
  }
  return list;
}

void KafkaConsumer::on_rebalance(rd_kafka_resp_err_t code,
                                 const rd_kafka_topic_partition_list_t* partitions) {
  Rebalance rebalance{.assign = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
                      .lost = rd_kafka_assignment_lost(client_.get()) != 0,
                      .partitions = {}};
  for (const auto& entry : std::span(partitions->elems, static_cast<std::size_t>(partitions->cnt))) {
    rebalance.partitions.push_back(entry.partition);
  }
  rebalances_.push_back(std::move(rebalance));
  // The fetch in whose midst this comes would go on waiting for a message, and the group for the answer.
  rd_kafka_queue_yield(queue_.get());
}

void KafkaConsumer::on_error(rd_kafka_resp_err_t code, const char* reason) {
  ClientEvents::on_error(code, reason);
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    char text[512];
    code = rd_kafka_fatal_error(client_.get(), text, sizeof text);
    pending_error_ = error("the client has ended", code, text);
  } else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    log_event("kafka.brokers_down", {{"topic", topic_}, {"message", last_reason()}});
    disconnected_ = true;
  } else if (kind_of(code) == ErrorKind::retry) {
    // Single connections come and go; only being left without any is an outage.
    log_event(
        "kafka.connection_failed",
        {{"topic", topic_}, {"code", rd_kafka_err2name(code)}, {"message", reason == nullptr ? "" : reason}});
  } else {
    pending_error_ = error("connection refused", code, reason);
  }
}

void KafkaConsumer::on_committed(rd_kafka_resp_err_t code) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__NO_OFFSET) return;
  log_event("kafka.commit_failed", {{"topic", topic_}, {"code", rd_kafka_err2name(code)}});
}

Result<std::size_t> KafkaConsumer::poll(ConsumerHandler& handler, std::size_t records_max,
                                        std::chrono::milliseconds timeout) {
  if (closed_) return fail(ErrorKind::fatal, fmt::format("{}: poll after close", topic_));
  if (!has_joined_) SDP_RETURN_IF_ERROR(join());
  if (pending_error_) return std::unexpected(*std::exchange(pending_error_, std::nullopt));
  SDP_RETURN_IF_ERROR(take_answers());
  if (disconnected_) SDP_RETURN_IF_ERROR(check_connection());
  SDP_RETURN_IF_ERROR(answer_rebalances(handler));
  SDP_TRY(std::size_t delivered, deliver(handler, records_max, static_cast<int>(timeout.count())));
  for (std::size_t more = delivered; more > 0 && delivered < records_max && !batch_.is_full();
       delivered += more) {
    SDP_TRY(more, deliver(handler, records_max - delivered, 0));
  }
  ask_for_topic(kAskAhead);
  SDP_RETURN_IF_ERROR(answer_rebalances(handler));
  if (delivered == 0 && pending_error_) return std::unexpected(*std::exchange(pending_error_, std::nullopt));
  return delivered;
}

/// An outage ends with an answer, not with silence: an idle topic sends no records either.
Result<void> KafkaConsumer::check_connection() {
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto code = rd_kafka_metadata(client_.get(), 0, topic_handle_.get(), &metadata,
                                      static_cast<int>(probe_time_.next().count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    probe_time_.failed();
    return std::unexpected(error("no broker answers", code, last_reason()));
  }
  rd_kafka_metadata_destroy(metadata);
  SDP_RETURN_IF_ERROR(check_topic());
  disconnected_ = false;
  log_event("kafka.reconnected", {{"topic", topic_}});
  return {};
}

/// That the topic cannot be asked for is an outage, and as with every other one the next poll may succeed.
Result<void> KafkaConsumer::check_topic() {
  auto checked = admin_->check_id(topic_id_);
  if (!checked && checked.error().kind == ErrorKind::unavailable) checked.error().kind = ErrorKind::retry;
  return checked;
}

/// Asks the brokers of which it is not known, unless others were asked just now.
void KafkaConsumer::ask_for_topic(std::chrono::milliseconds pause) {
  const SteadyTime now = base::system_clock().steady_now();
  if (asked_at_ && now - *asked_at_ < pause) return;
  for (const BrokerId broker : watch_.to_be_asked()) {
    watch_.asked(broker);
    admin_->ask_id(broker, answers_.get());
    asked_at_ = now;
  }
}

/// An answer that the topic is another one stays true.
Result<void> KafkaConsumer::take_answers() {
  while (auto answer = admin_->next_answer(answers_.get(), topic_id_)) {
    watch_.answered(answer->broker, answer->same.has_value());
    was_told_ = answer->same.has_value();
    if (was_told_) continue;
    if (answer->same.error().kind == ErrorKind::fenced) {
      created_again_ = std::move(answer->same).error();
    } else {
      log_event("kafka.id_not_told",
                {{"topic", topic_}, {"broker", answer->broker}, {"message", answer->same.error().message}});
    }
  }
  if (created_again_) return std::unexpected(*created_again_);
  return {};
}

Result<bool> KafkaConsumer::confirm(Partition partition, DeliveryMark mark) {
  SDP_RETURN_IF_ERROR(take_answers());
  if (watch_.is_sure(partition, mark)) return true;
  ask_for_topic(was_told_ ? kAskAgain : kAskAhead);
  return false;
}

Result<void> KafkaConsumer::answer_rebalances(ConsumerHandler& handler) {
  for (; !rebalances_.empty(); rebalances_.pop_front()) {
    const Rebalance& rebalance = rebalances_.front();
    if (rebalance.assign) {
      // On an error it stays in line: the next poll asks again.
      SDP_RETURN_IF_ERROR(assign(handler, rebalance));
    } else {
      revoke(handler, rebalance);
    }
  }
  return {};
}

Result<void> KafkaConsumer::assign(ConsumerHandler& handler, const Rebalance& rebalance) {
  log_event("kafka.assign", {{"topic", topic_}, {"partitions", rebalance.partitions.size()}});
  std::vector<PartitionOffset> starts;
  if (!rebalance.partitions.empty()) {
    SDP_RETURN_IF_ERROR(check_topic());
    SDP_TRY(starts, handler.on_assigned(rebalance.partitions));
    SDP_RETURN_IF_ERROR(check_starts(topic_, rebalance.partitions, starts));
  }
  const ErrorHandle failed(rd_kafka_incremental_assign(client_.get(), list_of(starts).get()));
  if (failed) {
    // The assignment expired while the handler was at work; the group will make another.
    log_event("kafka.assignment.expired", {{"topic", topic_}, {"partitions", rebalance.partitions.size()}});
    if (!rebalance.partitions.empty()) handler.on_revoked(rebalance.partitions, /*lost=*/true);
    return {};
  }
  for (const auto& [partition, offset] : starts)
    assigned_.insert_or_assign(partition, Assigned{.next = offset});
  return {};
}

void KafkaConsumer::revoke(ConsumerHandler& handler, const Rebalance& rebalance) {
  log_event("kafka.revoke",
            {{"topic", topic_}, {"partitions", rebalance.partitions.size()}, {"lost", rebalance.lost}});
  std::vector<Partition> owned;
  for (const Partition partition : rebalance.partitions) {
    if (assigned_.erase(partition) > 0) owned.push_back(partition);
    watch_.forget(partition);
  }
  if (!owned.empty()) handler.on_revoked(owned, rebalance.lost);
  // A paused partition would come back paused.
  rd_kafka_resume_partitions(client_.get(), list_of(owned).get());
  const ErrorHandle failed(rd_kafka_incremental_unassign(client_.get(), list_of(rebalance.partitions).get()));
}

/// A rebalance that was noted does not wait for a message.
std::span<rd_kafka_message_t* const> KafkaConsumer::fetch(std::size_t messages_max, int timeout_ms) {
  return batch_.fetch(messages_max, timeout_ms, [this](auto** out, std::size_t max, int wait_ms) {
    return rd_kafka_consume_batch_queue(queue_.get(), rebalances_.empty() ? wait_ms : 0, out, max);
  });
}

Result<std::size_t> KafkaConsumer::deliver(ConsumerHandler& handler, std::size_t records_max,
                                           int timeout_ms) {
  const auto messages = fetch(records_max, timeout_ms);
  for (auto& assigned : assigned_ | std::views::values) assigned.skip_batch = false;
  std::size_t delivered = 0;
  delivering_ = true;
  for (const rd_kafka_message_t* message : messages) {
    auto one = deliver_one(handler, *message);
    if (!one) {
      delivering_ = false;
      return std::unexpected(std::move(one).error());
    }
    delivered += *one;
  }
  delivering_ = false;
  return delivered;
}

/// False when the message is no record for the handler.
Result<bool> KafkaConsumer::deliver_one(ConsumerHandler& handler, const rd_kafka_message_t& message) {
  const bool at_end = message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR && !at_end) {
    if (message.offset >= 0 && fault_of(message.err)) {
      note_unreadable(handler, message);
    } else {
      note_failure(handler, message);
    }
    return false;
  }
  const auto found = assigned_.find(message.partition);
  if (found == assigned_.end() || found->second.skip_batch || found->second.is_unreadable ||
      message.offset < found->second.next)
    return false;
  if (at_end) {
    handler.on_end(message.partition, message.offset);
    return false;
  }
  watch_.received(message.partition, rd_kafka_message_broker_id(&message));
  found->second.next = message.offset + 1;
  view_of(message, record_);
  SDP_RETURN_IF_ERROR(handler.on_record(record_));
  return true;
}

/// The error is at the batch's first offset, which lies below the position where the batch was read in part.
void KafkaConsumer::note_unreadable(ConsumerHandler& handler, const rd_kafka_message_t& message) {
  const auto at = assigned_.find(message.partition);
  if (at == assigned_.end() || at->second.skip_batch || at->second.is_unreadable) return;
  log_event("kafka.batch_unreadable", {{"topic", topic_},
                                       {"partition", message.partition},
                                       {"offset", message.offset},
                                       {"code", rd_kafka_err2name(message.err)},
                                       {"message", rd_kafka_message_errstr(&message)}});
  watch_.received(message.partition, rd_kafka_message_broker_id(&message));
  at->second.is_unreadable = true;
  auto known = handler.on_unreadable(message.partition, std::max(at->second.next, message.offset));
  if (!known) pending_error_ = std::move(known).error();
}

void KafkaConsumer::note_failure(ConsumerHandler& handler, const rd_kafka_message_t& message) {
  const ErrorKind kind = kind_of(message.err);
  if (message.err == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED || kind == ErrorKind::retry) return;
  const auto at = assigned_.find(message.partition);
  // A gap at an earlier position is a leftover of it, as records are.
  const bool is_leftover = at != assigned_.end() && message.offset >= 0 && message.offset < at->second.next;
  if (kind == ErrorKind::data_gap && is_leftover) return;
  log_event("kafka.record_failed", {{"topic", topic_},
                                    {"partition", message.partition},
                                    {"offset", message.offset},
                                    {"code", rd_kafka_err2name(message.err)},
                                    {"kind", name(kind)},
                                    {"message", rd_kafka_message_errstr(&message)}});
  // Returned at the end of this poll or by the next: the records behind it have been taken from the client
  // already.
  Error failure = error(fmt::format("partition {} at offset {}", message.partition, message.offset),
                        message.err, rd_kafka_message_errstr(&message));
  if (kind == ErrorKind::data_gap) {
    auto known = admin_->check_id(topic_id_);
    if (known) known = handler.on_gap(message.partition, failure);
    if (known) {
      if (at != assigned_.end()) at->second.in_gap = true;
      return;
    }
    failure = std::move(known).error();
  }
  pending_error_ = std::move(failure);
}

Result<void> KafkaConsumer::seek(PartitionOffset position) {
  const auto found = assigned_.find(position.partition);
  if (found == assigned_.end()) {
    return std::unexpected(
        error(fmt::format("cannot seek in partition {}, it is another member's now", position.partition),
              RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST));
  }
  // Who goes back wants to be given all of it again. Who goes on knows of what lies between from others.
  if (position.offset < found->second.next) {
    watch_.forget(position.partition);
  } else {
    watch_.learnt(position.partition);
  }
  const bool in_gap = found->second.in_gap;
  found->second = {.next = position.offset, .skip_batch = delivering_};
  // Until a later poll tells us of the gap, the position that is gone is only seen by seeks that stay
  // refused.
  const auto code = in_gap ? RD_KAFKA_RESP_ERR__STATE : try_seek(position);
  return code == RD_KAFKA_RESP_ERR__STATE ? assign_again(position) : moved(position, code);
}

/// A partition whose position is gone from the log is fetched no more, and a seek is refused.
Result<void> KafkaConsumer::assign_again(PartitionOffset position) {
  const PartitionListHandle list = list_of({&position, 1});
  ErrorHandle failed(rd_kafka_incremental_unassign(client_.get(), list.get()));
  if (!failed) failed.reset(rd_kafka_incremental_assign(client_.get(), list.get()));
  if (!failed) return {};
  return std::unexpected(
      error(fmt::format("cannot go on in partition {} at offset {}", position.partition, position.offset),
            rd_kafka_error_code(failed.get())));
}

Result<void> KafkaConsumer::move_to(PartitionOffset position) {
  return moved(position, try_seek(position));
}

rd_kafka_resp_err_t KafkaConsumer::try_seek(PartitionOffset position) {
  auto code = RD_KAFKA_RESP_ERR_NO_ERROR;
  base::try_until(base::system_clock(), kStartMax, kSeekPause, [&] {
    const PartitionListHandle list = list_of({&position, 1});
    const ErrorHandle failed(rd_kafka_seek_partitions(client_.get(), list.get(),
                                                      static_cast<int>(settings_.call_timeout.count())));
    code = failed ? rd_kafka_error_code(failed.get()) : list->elems[0].err;
    // Fetching of a partition that was assigned just now starts a moment later.
    const bool starting = code == RD_KAFKA_RESP_ERR__STATE || code == RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS;
    if (starting) {
      log_event("kafka.seek_retried", {{"topic", topic_},
                                       {"partition", position.partition},
                                       {"offset", position.offset},
                                       {"code", rd_kafka_err2name(code)}});
    }
    return !starting;
  });
  return code;
}

Result<void> KafkaConsumer::moved(PartitionOffset position, rd_kafka_resp_err_t code) const {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return std::unexpected(
      error(fmt::format("cannot seek to partition {} offset {}", position.partition, position.offset), code));
}

Result<void> KafkaConsumer::pause(Partition partition) {
  const auto found = assigned_.find(partition);
  if (found == assigned_.end()) return {};
  const auto code = rd_kafka_pause_partitions(client_.get(), list_of({&partition, 1}).get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::unexpected(error(fmt::format("cannot pause partition {}", partition), code));
  }
  if (!delivering_ || found->second.skip_batch) return {};
  // The rest of the batch at hand is not delivered, so it has to be fetched again.
  found->second.skip_batch = true;
  return move_to({partition, found->second.next});
}

Result<void> KafkaConsumer::resume(Partition partition) {
  if (!assigned_.contains(partition)) return {};
  const auto code = rd_kafka_resume_partitions(client_.get(), list_of({&partition, 1}).get());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return std::unexpected(error(fmt::format("cannot resume partition {}", partition), code));
}

Result<void> KafkaConsumer::commit(std::span<const PartitionOffset> positions) {
  if (positions.empty()) return {};
  const auto code = rd_kafka_commit(client_.get(), list_of(positions).get(), /*async=*/1);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    log_event("kafka.commit_failed", {{"topic", topic_}, {"code", rd_kafka_err2name(code)}});
  return {};
}

std::optional<Offset> KafkaConsumer::known_end(Partition partition) const {
  std::int64_t start = 0;
  std::int64_t end = 0;
  const auto code = rd_kafka_get_watermark_offsets(client_.get(), topic_.c_str(), partition, &start, &end);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR || end < 0) return std::nullopt;
  return end;
}

Result<void> KafkaConsumer::close(ConsumerHandler& handler) {
  if (std::exchange(closed_, true) || !has_joined_) return {};
  return leave(handler);
}

Result<void> KafkaConsumer::leave(ConsumerHandler& handler) {
  log_event("kafka.leave", {{"topic", topic_}, {"partitions", assigned_.size()}});
  batch_.clear();
  answer_while_leaving(handler);
  const ErrorHandle failed(rd_kafka_consumer_close_queue(client_.get(), queue_.get()));
  const auto is_closed = [&] {
    if (failed || rd_kafka_consumer_closed(client_.get()) != 0) return true;
    fetch(MessageBatch::kMessagesMax, kLeavePollMs);
    answer_while_leaving(handler);
    return false;
  };
  base::try_until(base::system_clock(), settings_.call_timeout, std::chrono::milliseconds(0), is_closed);
  batch_.clear();
  if (!assigned_.empty()) {
    const auto partitions = assigned_ | std::views::keys;
    revoke(handler, {.assign = false, .lost = true, .partitions = {partitions.begin(), partitions.end()}});
  }
  return {};
}

/// The group waits for an answer to an assignment that comes now, too: it is accepted without telling the
/// handler, and revoked by the leave.
void KafkaConsumer::answer_while_leaving(ConsumerHandler& handler) {
  for (; !rebalances_.empty(); rebalances_.pop_front()) {
    const Rebalance& rebalance = rebalances_.front();
    if (!rebalance.assign) {
      revoke(handler, rebalance);
      continue;
    }
    const PartitionListHandle list = list_of(rebalance.partitions);
    for (int i = 0; i < list->cnt; ++i) list->elems[i].offset = RD_KAFKA_OFFSET_END;
    const ErrorHandle failed(rd_kafka_incremental_assign(client_.get(), list.get()));
  }
}

}  // namespace sdp::log::kafka
