#include "log/kafka/kafka_producer.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "base/retry.h"
#include "diag/log.h"
#include "log/kafka/error.h"

namespace sdp::log::kafka {
namespace {

// Serving reports takes a lock: not for every record, yet often enough that their queue stays short.
constexpr unsigned kSendsPerPoll = 128;
constexpr int kRoomPauseMs = 100;
/// How long a transaction may stay open: within what brokers allow by default, and long enough for the
/// longest wait of a client's own.
constexpr std::chrono::milliseconds kTransactionMin{60'000};
constexpr std::chrono::milliseconds kTransactionMax{900'000};

/// librdkafka tells absent from empty by the pointer.
void* bytes_of(std::optional<std::string_view> bytes) {
  if (!bytes) return nullptr;
  return const_cast<char*>(bytes->empty() ? "" : bytes->data());
}

std::size_t size_of(std::optional<std::string_view> bytes) {
  return bytes ? bytes->size() : 0;
}

int in_ms(std::chrono::milliseconds time) {
  return static_cast<int>(time.count());
}

/// Another one for each producer: of two with the same id a broker fences the first.
std::string transactional_id() {
  std::random_device entropy;
  return fmt::format("spotify-simulate-{:08x}{:08x}", entropy(), entropy());
}

rd_kafka_resp_err_t produce(rd_kafka_topic_t* topic, const Outgoing& record) {
  const int refused =
      rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, bytes_of(record.value),
                       size_of(record.value), bytes_of(record.key), size_of(record.key), record.placement);
  return refused == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
}

}  // namespace

Result<std::unique_ptr<Producer>> KafkaProducer::open(const KafkaSettings& settings,
                                                      const std::string& topic) {
  std::unique_ptr<KafkaProducer> producer(new KafkaProducer(settings, topic));
  SDP_TRY(producer->plain_, producer->open_sender({}));
  return producer;
}

KafkaProducer::~KafkaProducer() {
  for (const Sender* sender : {&plain_, &transactional_}) {
    if (sender->client)
      rd_kafka_purge(sender->client.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  }
}

Result<KafkaProducer::Sender> KafkaProducer::open_sender(std::span<const Property> properties) {
  Sender sender;
  SDP_TRY(sender.client, open_client(Role::producer, settings_, *this, properties));
  sender.topic.reset(rd_kafka_topic_new(sender.client.get(), topic_name_.c_str(), nullptr));
  if (!sender.topic) {
    return std::unexpected(
        make_error(settings_, "cannot send to topic " + topic_name_, rd_kafka_last_error()));
  }
  return sender;
}

Result<void> KafkaProducer::send_by(const Sender& sender, const Outgoing& record) {
  auto code = produce(sender.topic.get(), record);
  if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    // Serving reports is what makes room, and pauses by itself.
    base::try_until(base::system_clock(), settings_.delivery_timeout, std::chrono::milliseconds(0), [&] {
      rd_kafka_poll(sender.client.get(), kRoomPauseMs);
      code = produce(sender.topic.get(), record);
      return code != RD_KAFKA_RESP_ERR__QUEUE_FULL;
    });
  }
  if (++sends_since_poll_ >= kSendsPerPoll) {
    sends_since_poll_ = 0;
    rd_kafka_poll(sender.client.get(), 0);
  }
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return std::unexpected(
      make_final_error(settings_,
                       fmt::format("cannot send a record of {} bytes to topic {}",
                                   size_of(record.key) + size_of(record.value), topic_name_),
                       code, last_reason()));
}

Result<void> KafkaProducer::flush(const Sender& sender, std::chrono::milliseconds timeout) {
  const auto code = rd_kafka_flush(sender.client.get(), in_ms(timeout));
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return std::unexpected(make_final_error(settings_,
                                          fmt::format("{} records for topic {} are not acked",
                                                      rd_kafka_outq_len(sender.client.get()), topic_name_),
                                          code, last_reason()));
}

Result<void> KafkaProducer::send(const Outgoing& record) {
  return send_by(plain_, record);
}

Result<void> KafkaProducer::flush(std::chrono::milliseconds timeout) {
  return flush(plain_, timeout);
}

Result<void> KafkaProducer::begin_transactions() {
  if (transactional_.client) return {};
  const auto open_max = std::clamp(settings_.delivery_timeout, kTransactionMin, kTransactionMax);
  const Property properties[] = {
      {"transactional.id", transactional_id()},
      {"transaction.timeout.ms", std::to_string(open_max.count())},
      {"message.timeout.ms", std::to_string(std::min(settings_.delivery_timeout, open_max).count())}};
  SDP_TRY(auto sender, open_sender(properties));
  SDP_RETURN_IF_ERROR(
      check(rd_kafka_init_transactions(sender.client.get(), in_ms(settings_.call_timeout)), "begin"));
  transactional_ = std::move(sender);
  return {};
}

Result<void> KafkaProducer::send_transaction(std::span<const Outgoing> records, TransactionEnd end) {
  // Of one key, too, everything comes in the order in which it was sent.
  SDP_RETURN_IF_ERROR(flush(plain_, settings_.delivery_timeout));
  SDP_RETURN_IF_ERROR(begin_transactions());
  rd_kafka_t* const client = transactional_.client.get();
  SDP_RETURN_IF_ERROR(check(rd_kafka_begin_transaction(client), "begin"));
  is_aborted_ = end == TransactionEnd::abort;
  Result<void> sent;
  for (const Outgoing& record : records) {
    sent = send_by(transactional_, record);
    if (!sent) break;
  }
  // An abort would drop what is on its way.
  if (sent) sent = flush(transactional_, settings_.delivery_timeout);
  is_aborted_ = false;
  const int timeout = in_ms(settings_.delivery_timeout);
  if (sent && end == TransactionEnd::commit) {
    sent = check(rd_kafka_commit_transaction(client, timeout), "commit");
    if (sent) return {};
  }
  auto aborted = check(rd_kafka_abort_transaction(client, timeout), "abort");
  return sent ? aborted : sent;
}

Result<void> KafkaProducer::check(rd_kafka_error_t* error, std::string_view what) const {
  const ErrorHandle owned(error);
  if (!owned) return {};
  return std::unexpected(
      make_final_error(settings_, fmt::format("cannot {} a transaction on topic {}", what, topic_name_),
                       rd_kafka_error_code(owned.get()), rd_kafka_error_string(owned.get())));
}

void KafkaProducer::on_error(rd_kafka_resp_err_t code, const char* reason) {
  ClientEvents::on_error(code, reason);
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
    diag::log_event("kafka.brokers_down", {{"topic", topic_name_}, {"message", last_reason()}});
}

void KafkaProducer::on_delivery(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (!is_aborted_) ++counts_.acked;
    if (message._private != nullptr) {
      *static_cast<Placement*>(message._private) = {true, PartitionOffset{message.partition, message.offset}};
    }
    return;
  }
  if (counts_.failed++ > 0) return;
  first_failure_ =
      make_final_error(settings_,
                       fmt::format("a record of {} bytes for {}/{} was not delivered",
                                   message.len + message.key_len, topic_name_, message.partition),
                       message.err, last_reason())
          .message;
}

}  // namespace sdp::log::kafka
