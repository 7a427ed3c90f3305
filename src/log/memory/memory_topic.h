#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "log/event_log.h"
#include "log/memory/groups.h"
#include "log/memory/partition_log.h"
#include "log/memory/signal.h"
#include "log/topic.h"

namespace sdp::log {

struct MemoryLogOptions {
  std::string topic = "spotify-events";
  /// Of records; full chunks come to at most 256 KiB a partition more.
  std::size_t retained_bytes_max = std::size_t{64} << 20;
  /// Groups that hold records back; with none the oldest records go when space runs out, as by a log's
  /// retention.
  std::vector<RetentionHold> holds = {};
  /// How long a send waits for the holding groups.
  std::chrono::milliseconds delivery_timeout{120'000};
  std::int64_t message_bytes_max = std::int64_t{10} << 20;
  /// What describe() says; records have the time stamps that they are appended with.
  TimestampType timestamp_type = TimestampType::log_append_time;
};

/// One life of a topic: storage, space and groups. Deleting and recreating a topic makes another one.
/// Thread-safe.
class MemoryTopic {
 public:
  MemoryTopic(const MemoryLogOptions& options, Partition partitions, TopicId id);

  const TopicInfo& info() const { return info_; }
  /// Waits for space: `unavailable` names the group that is behind.
  Result<Offset> append(Partition partition, const RecordBytes& record);
  Result<Offset> append_mark(Partition partition);
  Result<Offset> append_unreadable(Partition partition, std::int32_t count, BatchFault fault);
  /// PartitionLog has what these do.
  Result<Offset> append_open(Partition partition, TransactionalId id, const RecordBytes& record);
  Result<std::optional<Offset>> end_transaction(Partition partition, TransactionalId id, TransactionEnd end);
  LeaderEpoch elect(Partition partition) {
    return partitions_.at(static_cast<std::size_t>(partition))->elect();
  }
  void truncate(Partition partition, Offset end);
  /// Only for a partition number the topic has.
  const PartitionLog& partition(Partition partition) const {
    return *partitions_.at(static_cast<std::size_t>(partition));
  }
  /// `bad_input` when the topic has no such partition.
  Result<void> check_partition(Partition partition) const;
  void delete_below(Partition partition, Offset offset);

  Groups& groups() { return groups_; }
  /// A group has come further: who waits for space looks again.
  void positions_changed() { room_.notify(); }
  /// Members or owners have changed: who waits for records looks again.
  void members_changed() { changed_.notify(); }
  template <typename Done>
  bool wait_for_change(SteadyTime deadline, Done&& done) {
    return changed_.wait_until(deadline, done);
  }

  /// The topic was deleted: what still holds it gets errors.
  void retire();
  bool retired() const { return retired_; }
  Error retired_error() const;

 private:
  Result<void> take_room(const RecordBytes& record);
  bool reserve(std::size_t bytes);
  bool make_room(std::size_t bytes);
  Result<void> wait_for_room(std::size_t bytes);

  const TopicInfo info_;
  const std::size_t retained_bytes_max_;
  const std::chrono::milliseconds delivery_timeout_;
  std::vector<std::unique_ptr<PartitionLog>> partitions_;
  Groups groups_;
  std::atomic<std::size_t> retained_bytes_ = 0;
  std::atomic<std::size_t> drop_next_ = 0;
  std::atomic<bool> retired_ = false;
  Signal changed_;
  Signal room_;
};

}  // namespace sdp::log
