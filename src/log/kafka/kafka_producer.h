#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "log/event_log.h"
#include "log/kafka/client.h"

namespace sdp::log::kafka {

/// Idempotent, acks=all; keys go where Kafka's own clients put them. Transactions are those of a client of
/// its own, which is opened with the first of them: one that has a transactional id sends nothing outside of
/// a transaction. Owned by one thread, which also serves delivery reports: they are counted inside send() and
/// flush().
class KafkaProducer final : public Producer, private ClientEvents {
 public:
  static Result<std::unique_ptr<Producer>> open(const KafkaSettings& settings, const std::string& topic);
  /// Drops what was not delivered.
  ~KafkaProducer() override;

  Result<void> send(const Outgoing& record) override;
  Result<void> send_transaction(std::span<const Outgoing> records, TransactionEnd end) override;
  Result<void> flush(std::chrono::milliseconds timeout) override;
  ProducerCounts counts() const override { return counts_; }
  std::string first_failure() const override { return first_failure_; }

 private:
  explicit KafkaProducer(const KafkaSettings& settings, std::string topic)
      : settings_(settings), topic_name_(std::move(topic)) {}

  /// A client with the topic as it knows it.
  struct Sender {
    ClientHandle client;
    TopicHandle topic;
  };

  Result<Sender> open_sender(std::span<const Property> properties);
  Result<void> begin_transactions();
  Result<void> send_by(const Sender& sender, const Outgoing& record);
  Result<void> flush(const Sender& sender, std::chrono::milliseconds timeout);
  Result<void> check(rd_kafka_error_t* error, std::string_view what) const;
  void on_error(rd_kafka_resp_err_t code, const char* reason) override;
  void on_delivery(const rd_kafka_message_t& message) override;

  const KafkaSettings settings_;
  const std::string topic_name_;
  Sender plain_;
  Sender transactional_;     ///< nothing before the first transaction
  bool is_aborted_ = false;  ///< what is delivered now is of a transaction that will be
  ProducerCounts counts_;
  std::string first_failure_;
  unsigned sends_since_poll_ = 0;
};

}  // namespace sdp::log::kafka
