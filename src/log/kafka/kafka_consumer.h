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
#include "log/kafka/probe_time.h"
#include "log/topic_watch.h"

namespace sdp::log::kafka {

/// A member of a consumer group with cooperative rebalancing. Owned by one thread.
///
/// It joins the group with its first poll; until then its client only finds broker and group. The protocol of
/// a poll:
///   1. After an outage: ask a broker, and whether the topic still has our id. An outage ends with an answer,
///      not with silence: an idle topic sends no records either. The question has the time that ProbeTime
///      gives, however short the poll is.
///   2. Answer the rebalances that were noted, in order. librdkafka announces them in the midst of a fetch,
///      and the group waits for the answer, so that no record can overtake them. Assign: ask for the topic's
///      id, then the handler for the offsets to start at, then assign at these. Revoke: tell the handler,
///      then unassign. Nothing is committed by either.
///   3. Fetch records, deliver them up to the limit, and tell where a partition was read to its end. Offsets
///      below the expected one are leftovers of an earlier position, and dropped; after a seek or a pause the
///      rest of the partition's batch is dropped and fetched again. Behind a batch that cannot be read
///      everything of the partition is dropped until a seek.
///   4. Ask who gave these records whether the topic still has our id (TopicWatch), so that confirm() mostly
///      knows. Nothing waits for the answer; one that says no ends this poll or a later one.
///   5. Answer the rebalances that these fetches announced.
///   6. Return the client's errors when no record came before them.
/// An error in 2 leaves its rebalance in line, and the next poll begins with it again. Offsets are those of
/// one life of the topic: `fenced` says that it was deleted and created again. A member that missed
/// max.poll.interval gets no error: what it owned is revoked as lost, and it joins again.
class KafkaConsumer final : public Consumer, private ClientEvents {
 public:
  static Result<std::unique_ptr<Consumer>> open(const KafkaSettings& settings, const std::string& topic,
                                                TopicId topic_id, const ConsumerOptions& options,
                                                std::shared_ptr<Admin> admin);
  /// Leaves the group when close() was not called; no handler is told.
  ~KafkaConsumer() override;

  Result<std::size_t> poll(ConsumerHandler& handler, std::size_t records_max,
                           std::chrono::milliseconds timeout) override;
  Result<void> seek(PartitionOffset position) override;
  Result<void> pause(Partition partition) override;
  Result<void> resume(Partition partition) override;
  Result<void> commit(std::span<const PartitionOffset> positions) override;
  std::optional<Offset> known_end(Partition partition) const override;
  DeliveryMark delivery_mark() const override { return watch_.now(); }
  Result<bool> confirm(Partition partition, DeliveryMark mark) override;
  Result<void> close(ConsumerHandler& handler) override;

 private:
  struct Assigned {
    /// Where the next record is expected; lower offsets are leftovers of an earlier position.
    Offset next = 0;
    /// Moved or paused since the batch at hand was fetched.
    bool skip_batch = false;
    /// The log does not have `next`, and the handler knows it. librdkafka has stopped fetching.
    bool in_gap = false;
    /// The batch at `next` cannot be read, and the handler knows it. librdkafka tries again and again.
    bool is_unreadable = false;
  };
  struct Rebalance {
    bool assign = false;
    bool lost = false;
    std::vector<Partition> partitions;
  };

  KafkaConsumer(const KafkaSettings& settings, std::string topic, TopicId topic_id, std::string group,
                std::shared_ptr<Admin> admin)
      : settings_(settings),
        topic_(std::move(topic)),
        topic_id_(topic_id),
        group_(std::move(group)),
        admin_(std::move(admin)),
        answers_(admin_->open_answers()) {}

  void on_rebalance(rd_kafka_resp_err_t code, const rd_kafka_topic_partition_list_t* partitions) override;
  void on_error(rd_kafka_resp_err_t code, const char* reason) override;
  void on_committed(rd_kafka_resp_err_t code) override;

  Result<void> answer_rebalances(ConsumerHandler& handler);
  Result<void> assign(ConsumerHandler& handler, const Rebalance& rebalance);
  void revoke(ConsumerHandler& handler, const Rebalance& rebalance);
  std::span<rd_kafka_message_t* const> fetch(std::size_t messages_max, int timeout_ms);
  Result<std::size_t> deliver(ConsumerHandler& handler, std::size_t records_max, int timeout_ms);
  Result<bool> deliver_one(ConsumerHandler& handler, const rd_kafka_message_t& message);
  void note_unreadable(ConsumerHandler& handler, const rd_kafka_message_t& message);
  void note_failure(ConsumerHandler& handler, const rd_kafka_message_t& message);
  Result<void> check_connection();
  Result<void> check_topic();
  void ask_for_topic(std::chrono::milliseconds pause);
  Result<void> take_answers();
  Result<void> join();
  Result<void> leave(ConsumerHandler& handler);
  void answer_while_leaving(ConsumerHandler& handler);
  Result<void> move_to(PartitionOffset position);
  rd_kafka_resp_err_t try_seek(PartitionOffset position);
  Result<void> moved(PartitionOffset position, rd_kafka_resp_err_t code) const;
  Result<void> assign_again(PartitionOffset position);
  PartitionListHandle list_of(std::span<const PartitionOffset> positions) const;
  PartitionListHandle list_of(std::span<const Partition> partitions) const;
  Error error(std::string_view what, rd_kafka_resp_err_t code, std::string_view detail = {}) const;

  const KafkaSettings settings_;
  const std::string topic_;
  const TopicId topic_id_;
  const std::string group_;
  const std::shared_ptr<Admin> admin_;
  QueueHandle answers_;
  ClientHandle client_;
  QueueHandle queue_;
  TopicHandle topic_handle_;
  MessageBatch batch_;
  std::deque<Rebalance> rebalances_;
  std::map<Partition, Assigned> assigned_;
  std::optional<Error> pending_error_;
  /// All brokers were reported down, and none has answered since.
  bool disconnected_ = false;
  ProbeTime probe_time_;
  bool delivering_ = false;
  bool has_joined_ = false;
  bool closed_ = false;
  TopicWatch watch_;
  std::optional<SteadyTime> asked_at_;  ///< for the topic's id, of any broker
  bool was_told_ = true;                ///< by who answered last
  std::optional<Error> created_again_;
  RecordView record_;
};

}  // namespace sdp::log::kafka
