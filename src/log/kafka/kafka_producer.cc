#include "log/kafka/kafka_producer.h"

#include <fmt/format.h>

#include "base/retry.h"
#include "log/kafka/error.h"

namespace sdp::log::kafka {
namespace {

// Serving reports takes a lock: not for every record, yet often enough that their queue stays short.
constexpr unsigned kSendsPerPoll = 128;
constexpr int kRoomPauseMs = 100;

/// librdkafka tells absent from empty by the pointer.
void* bytes_of(std::optional<std::string_view> bytes) {
  if (!bytes) return nullptr;
  return const_cast<char*>(bytes->empty() ? "" : bytes->data());
}

std::size_t size_of(std::optional<std::string_view> bytes) {
  return bytes ? bytes->size() : 0;
}

}  // namespace

Result<std::unique_ptr<Producer>> KafkaProducer::open(const KafkaSettings& settings,
                                                      const std::string& topic) {
  std::unique_ptr<KafkaProducer> producer(new KafkaProducer(settings, topic));
  SDP_TRY(producer->client_, open_client(Role::producer, settings, *producer));
  producer->topic_.reset(rd_kafka_topic_new(producer->client_.get(), topic.c_str(), nullptr));
  if (!producer->topic_)
    return std::unexpected(make_error(settings, "cannot send to topic " + topic, rd_kafka_last_error()));
  return producer;
}

KafkaProducer::~KafkaProducer() {
  if (client_) rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

rd_kafka_resp_err_t KafkaProducer::produce(std::optional<std::string_view> key,
                                           std::optional<std::string_view> value) {
  const int refused = rd_kafka_produce(topic_.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                                       bytes_of(value), size_of(value), bytes_of(key), size_of(key), nullptr);
  return refused == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
}

rd_kafka_resp_err_t KafkaProducer::produce_when_there_is_room(std::optional<std::string_view> key,
                                                              std::optional<std::string_view> value) {
  auto code = RD_KAFKA_RESP_ERR__QUEUE_FULL;
  // Serving reports is what makes room, and pauses by itself.
  base::try_until(base::system_clock(), settings_.delivery_timeout, std::chrono::milliseconds(0), [&] {
    rd_kafka_poll(client_.get(), kRoomPauseMs);
    code = produce(key, value);
    return code != RD_KAFKA_RESP_ERR__QUEUE_FULL;
  });
  return code;
}

Result<void> KafkaProducer::send(std::optional<std::string_view> key, std::optional<std::string_view> value) {
  auto code = produce(key, value);
  if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) code = produce_when_there_is_room(key, value);
  if (++sends_since_poll_ >= kSendsPerPoll) {
    sends_since_poll_ = 0;
    rd_kafka_poll(client_.get(), 0);
  }
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return std::unexpected(make_final_error(
      settings_,
      fmt::format("cannot send a record of {} bytes to topic {}", size_of(key) + size_of(value), topic_name_),
      code, last_reason()));
}

Result<void> KafkaProducer::flush(std::chrono::milliseconds timeout) {
  const auto code = rd_kafka_flush(client_.get(), static_cast<int>(timeout.count()));
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return std::unexpected(make_final_error(
      settings_,
      fmt::format("{} records for topic {} are not acked", rd_kafka_outq_len(client_.get()), topic_name_),
      code, last_reason()));
}

void KafkaProducer::on_delivery(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    ++counts_.acked;
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
