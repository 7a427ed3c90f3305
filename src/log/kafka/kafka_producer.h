#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "log/event_log.h"
#include "log/kafka/client.h"

namespace sdp::log::kafka {

/// Idempotent, acks=all; keys go where Kafka's own clients put them. Owned by one thread, which also serves
/// delivery reports: they are counted inside send() and flush().
class KafkaProducer final : public Producer, private ClientEvents {
 public:
  static Result<std::unique_ptr<Producer>> open(const KafkaSettings& settings, const std::string& topic);
  /// Drops what was not delivered.
  ~KafkaProducer() override;

  Result<void> send(std::optional<std::string_view> key, std::optional<std::string_view> value) override;
  Result<void> flush(std::chrono::milliseconds timeout) override;
  ProducerCounts counts() const override { return counts_; }
  std::string first_failure() const override { return first_failure_; }

 private:
  explicit KafkaProducer(const KafkaSettings& settings, std::string topic)
      : settings_(settings), topic_name_(std::move(topic)) {}

  rd_kafka_resp_err_t produce(std::optional<std::string_view> key, std::optional<std::string_view> value);
  rd_kafka_resp_err_t produce_when_there_is_room(std::optional<std::string_view> key,
                                                 std::optional<std::string_view> value);
  void on_delivery(const rd_kafka_message_t& message) override;

  const KafkaSettings settings_;
  const std::string topic_name_;
  ClientHandle client_;
  TopicHandle topic_;
  ProducerCounts counts_;
  std::string first_failure_;
  unsigned sends_since_poll_ = 0;
};

}  // namespace sdp::log::kafka
