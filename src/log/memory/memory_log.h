#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/rng.h"
#include "log/event_log.h"
#include "log/memory/memory_topic.h"

namespace sdp::log {

/// A topic in this process, made by ensure_topic(): partitions, offsets, append times, consumer groups.
/// Bounded: sends wait while the holding groups (MemoryLogOptions::holds) have not passed what fills it.
/// Thread-safe; what it opens is owned by one thread each and may outlive it. Waiting goes by the machine's
/// clock, append times by `clock`, which outlives the producers.
class MemoryLog final : public EventLog {
 public:
  MemoryLog(MemoryLogOptions options, Clock& clock, Rng rng);

  const std::string& topic_name() const override { return options_.topic; }
  Result<bool> ensure_topic(const TopicSpec& spec) override;
  Result<TopicInfo> describe() override;
  Result<Watermarks> watermarks(Partition partition) override;
  Result<std::vector<std::optional<Offset>>> committed(std::string_view group) override;
  Result<std::size_t> members(std::string_view group) override;
  Result<std::unique_ptr<Producer>> open_producer() override;
  Result<std::unique_ptr<Consumer>> open_consumer(const ConsumerOptions& options) override;
  Result<std::unique_ptr<Reader>> open_reader() override;

  /// Puts a record where and as told, as a foreign producer would: any value, headers, time stamp.
  Result<Offset> append(Partition partition, const RecordBytes& record);
  /// Takes an offset that no consumer is given: that of a control record (one ends each transaction), or of a
  /// record of a transaction that was aborted.
  Result<Offset> append_mark(Partition partition);
  /// Puts a batch of `count` records, at least one, that no reader can read. Returns the first offset.
  Result<Offset> append_unreadable(Partition partition, std::int32_t count,
                                   BatchFault fault = BatchFault::undecodable);
  /// Puts a record into the transaction of `id`, which begins with its first one: no reader is given it, or
  /// anything behind it, before the transaction is committed.
  Result<Offset> append_open(Partition partition, TransactionalId id, const RecordBytes& record);
  /// Ends that transaction by a control record, whose offset is returned; nothing when `id` has none open.
  Result<std::optional<Offset>> end_transaction(Partition partition, TransactionalId id, TransactionEnd end);
  /// Gives a partition another leader: from now on its records carry the epoch that is returned.
  Result<LeaderEpoch> elect(Partition partition);
  /// Offsets from `end` on are gone and are given again, as after an unclean election.
  Result<void> truncate(Partition partition, Offset end);
  /// Records below `offset` are gone, as by retention.
  Result<void> delete_below(Partition partition, Offset offset);
  /// Deletes the topic and creates it again, empty and with another id. What was opened before gets `fenced`
  /// errors.
  Result<void> recreate_topic();

 private:
  Result<std::shared_ptr<MemoryTopic>> topic() const;

  const MemoryLogOptions options_;
  Clock& clock_;
  mutable std::mutex mutex_;
  Rng rng_;
  std::shared_ptr<MemoryTopic> topic_;
};

}  // namespace sdp::log
