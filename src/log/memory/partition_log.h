#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "log/event_log.h"
#include "log/memory/record_codec.h"
#include "log/topic.h"

namespace sdp::log {

/// Offsets [first, first + count) one behind the other: records, and marks of offsets without one. Bytes
/// below `used` never change again, so that a reader who was told how far to go needs no lock for them.
struct Chunk {
  Offset first = 0;
  Offset count = 0;
  std::size_t used = 0;
  std::size_t capacity = 0;
  std::unique_ptr<char[]> bytes;

  Offset end() const { return first + count; }
};

/// Who writes in transactions to a partition; at most one is open of each.
using TransactionalId = std::int64_t;

/// The records of one partition, in chunks; the oldest chunks can be dropped. Thread-safe.
///
/// Readers are given what lies below the first open transaction: behind it nothing is settled. A transaction
/// that is aborted turns its records into marks, which nobody has read yet; either end of one takes an offset
/// of its own.
///
/// Invariant: start <= stable end <= end, the chunks hold every offset of [start, end), and bytes of offsets
/// below the stable end never change.
class PartitionLog {
 public:
  PartitionLog(std::string topic, Partition partition, std::size_t chunk_bytes);

  Offset append(const RecordBytes& record);
  /// An offset that no reader is given a record of.
  Offset append_mark();
  /// `count` offsets of one batch that no reader can read; returns the first of them.
  Offset append_unreadable(std::int32_t count, BatchFault fault);
  /// A record of the transaction of `id`, which begins with its first one.
  Offset append_open(TransactionalId id, const RecordBytes& record);
  /// Ends it with a mark; nothing when `id` has none open.
  std::optional<Offset> end_transaction(TransactionalId id, TransactionEnd end);
  /// Another leader: from now on records carry its epoch. Before the first election they carry none.
  LeaderEpoch elect();
  /// Offsets from `end` on are gone, as when a replica that had less became the leader, and are given again.
  /// Returns the bytes freed.
  std::size_t truncate(Offset end);
  /// [start, stable end).
  Watermarks watermarks() const;
  /// Records below `offset` are gone, as by retention. Returns the bytes freed.
  std::size_t delete_below(Offset offset);
  /// Drops the oldest chunk when it ends at or below `passed`. Returns the bytes freed, 0 when it has to
  /// stay.
  std::size_t drop_oldest(Offset passed);

  /// The chunk that holds `from` and how far it may be read; no chunk when `from` is the end. `data_gap` when
  /// the partition has no such place.
  struct Slice {
    std::shared_ptr<const Chunk> chunk;
    Offset end = 0;
  };
  Result<Slice> slice(Offset from) const;
  /// Whether slice(from) would say more than that it is the end.
  bool has_more(Offset from) const;
  Partition partition() const { return partition_; }

 private:
  Chunk& chunk_with_room(std::size_t size);
  Offset stepped_over(Chunk& chunk, std::size_t size);
  std::size_t drop_front();
  Offset append_locked(RecordBytes record);
  Offset append_mark_locked();
  Offset stable_end() const;
  void turn_into_marks(const std::vector<Offset>& offsets);

  const std::string topic_;
  const Partition partition_;
  const std::size_t chunk_bytes_;
  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<Chunk>> chunks_;
  Offset start_ = 0;
  Offset end_ = 0;
  /// The offsets of each open transaction, in order.
  std::map<TransactionalId, std::vector<Offset>> open_;
  std::optional<LeaderEpoch> epoch_;
};

/// A reading position in a partition. Owned by one thread; the log outlives it.
class PartitionCursor {
 public:
  PartitionCursor(const PartitionLog& log, Offset offset) : log_(&log), offset_(offset) {}

  const PartitionLog& log() const { return *log_; }
  Offset offset() const { return offset_; }
  /// What was handed out last stays valid until the next fetch().
  void seek(Offset offset);
  /// Looks for offsets. Returns how often next() can step at least; 0 at the end of the partition.
  Result<std::size_t> fetch();
  /// Hands out the record at the position and steps over it; false when the offset has no record. Only as
  /// often as fetch() allowed and without a seek since.
  bool next(RecordView& view);
  /// The batch at the position when it cannot be read. Only where next() is allowed.
  std::optional<UnreadableBatch> unreadable() const;

 private:
  const PartitionLog* log_;
  Offset offset_;
  std::shared_ptr<const Chunk> chunk_;
  /// Where offset_ stands in chunk_; only while in_chunk_.
  std::size_t byte_ = 0;
  bool in_chunk_ = false;
};

}  // namespace sdp::log
