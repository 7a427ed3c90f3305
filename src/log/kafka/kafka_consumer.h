#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "log/event_log.h"
#include "log/kafka/admin.h"
#include "log/kafka/batch.h"
#include "log/kafka/client.h"

namespace sdp::log::kafka {

/// A member of a consumer group with cooperative rebalancing. Owned by one thread.
/// librdkafka announces a rebalance in the midst of a fetch. It is noted there and carried out between
/// fetches, after the records that came before it: the group waits for the answer, so nothing can overtake.
/// Offsets are those of one life of the topic: after each assignment, outage and gap it is checked that it
/// still lives, and `fenced` says when it does not. Missing max.poll.interval is no error: what was owned is
/// revoked as lost, and the member joins again.
class KafkaConsumer final : public Consumer, private ClientEvents {
 public:
  static Result<std::unique_ptr<Consumer>> open(const KafkaSettings& settings, const TopicInfo& topic,
                                                const ConsumerOptions& options, std::shared_ptr<Admin> admin);
  /// Leaves the group without a word to the handler when close() was not called.
  ~KafkaConsumer() override;

  Result<std::size_t> poll(ConsumerHandler& handler, std::size_t records_max,
                           std::chrono::milliseconds timeout) override;
  Result<void> seek(PartitionOffset position) override;
  Result<void> pause(Partition partition) override;
  Result<void> resume(Partition partition) override;
  Result<void> commit(std::span<const PartitionOffset> positions) override;
  Result<void> close(ConsumerHandler& handler) override;

 private:
  struct Assigned {
    /// Where the next record is expected; lower offsets are leftovers of an earlier position.
    Offset next = 0;
    /// Moved or paused since the batch at hand was fetched.
    bool skip_batch = false;
  };
  struct Rebalance {
    bool assign = false;
    bool lost = false;
    std::vector<Partition> partitions;
  };

  KafkaConsumer(const KafkaSettings& settings, const TopicInfo& topic, std::string group,
                std::shared_ptr<Admin> admin)
      : settings_(settings),
        topic_(topic.name),
        topic_id_(topic.id),
        group_(std::move(group)),
        admin_(std::move(admin)) {}

  void on_rebalance(rd_kafka_resp_err_t code, const rd_kafka_topic_partition_list_t* partitions) override;
  void on_error(rd_kafka_resp_err_t code, const char* reason) override;
  void on_committed(rd_kafka_resp_err_t code) override;

  Result<void> serve_rebalances(ConsumerHandler& handler);
  Result<void> take_over(ConsumerHandler& handler, const Rebalance& rebalance);
  void give_up(ConsumerHandler& handler, const Rebalance& rebalance);
  Result<std::size_t> hand_over(ConsumerHandler& handler, std::size_t records_max, int timeout_ms);
  Result<bool> hand_over_one(ConsumerHandler& handler, const rd_kafka_message_t& message);
  void note_failure(const rd_kafka_message_t& message);
  Result<void> check_connection(std::chrono::milliseconds timeout);
  Result<void> check_topic();
  Result<void> leave(ConsumerHandler& handler);
  void answer_while_leaving(ConsumerHandler& handler);
  Result<void> move_to(PartitionOffset position);
  PartitionListHandle list_of(std::span<const PartitionOffset> positions) const;
  PartitionListHandle list_of(std::span<const Partition> partitions) const;
  Error error(std::string_view what, rd_kafka_resp_err_t code, std::string_view detail = {}) const;

  const KafkaSettings settings_;
  const std::string topic_;
  const TopicId topic_id_;
  const std::string group_;
  const std::shared_ptr<Admin> admin_;
  ClientHandle client_;
  QueueHandle queue_;
  TopicHandle topic_handle_;
  MessageBatch batch_;
  std::deque<Rebalance> rebalances_;
  std::map<Partition, Assigned> assigned_;
  std::optional<Error> pending_error_;
  /// All brokers were reported down, and none has answered since.
  bool disconnected_ = false;
  bool handing_over_ = false;
  bool closed_ = false;
  std::uint64_t commits_failed_ = 0;
  RecordView record_;
};

}  // namespace sdp::log::kafka
