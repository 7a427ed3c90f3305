#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "lake/line.h"
#include "log/event_log.h"
#include "sink/batch.h"

namespace sdp::sink {

/// What the state wants done. The runner carries commands out in order.
struct Upload {
  Batch batch;
};
struct Seek {
  log::PartitionOffset to;
};
struct Commit {
  log::PartitionOffset next;
};
struct Pause {
  log::Partition partition;
};
struct Resume {
  log::Partition partition;
};
using Command = std::variant<Upload, Seek, Commit, Pause, Resume>;

/// The decisions of a sink: what to batch, when to cut, what may be committed, where to go on after a
/// conflict. Pure: no thread, clock, socket or file; the same inputs give the same commands.
/// docs/decisions/0001-create-only-commit.md.
///
/// Per assigned partition, offsets are always in this order:
///   chain end (durable) <= in flight <= waiting <= open <= next record <= read to
/// and only what is durable is ever committed to the group: the chain end, or how far the log was read when
/// nothing but offsets without a record lies between. At most one upload of a partition is in flight,
/// since the next object may start only where this one is known to end.
class SinkState {
 public:
  SinkState(log::TopicId topic_id, const BatchLimits& limits, lake::LineEncoder encoder);

  /// The partition is ours and its chain ends at `chain_end`. Starts a new generation, which is returned.
  std::uint64_t assigned(log::Partition partition, log::Offset chain_end);
  /// Drops what is not durable of the partition: its next owner reads it again.
  void revoked(log::Partition partition);

  /// Adds a record. Records of foreign partitions, or below the partition's position, are dropped.
  void append(const log::RecordView& record, SteadyTime now);
  /// Adds a batch that cannot be read, as one rejected line. What lies below the position is dropped
  /// likewise.
  void append(const log::UnreadableBatch& unreadable, SteadyTime now);
  /// The log was read up to `end`: what lies between the position and it has no record. An end below the
  /// position is that of an earlier one, and means nothing.
  void read_to(log::Partition partition, log::Offset end);
  /// Cuts what lingered or idled long enough.
  void tick(SteadyTime now);
  /// Cuts the partition's open batch when it starts below `end`, and goes on.
  void cut_below(log::Partition partition, log::Offset end);

  /// The upload of (partition, generation) is durable as given, so the chain ends at its end.
  void upload_done(log::Partition partition, std::uint64_t generation);
  /// Somebody else had committed a range at the same place; the chain now ends at `chain_end`. What was built
  /// on the lost range is dropped and read again from there.
  void upload_lost(log::Partition partition, std::uint64_t generation, log::Offset chain_end);

  /// The buffer of a batch that was uploaded. A partition that fills its batches takes it for the next one,
  /// whose memory then is neither grown nor asked of the kernel page by page.
  void reuse(std::string buffer);

  /// Cuts everything; no record is taken from here on.
  void shut_down();
  /// True when nothing is open, waiting or in flight.
  bool drained() const;

  /// The commands since the last call.
  std::vector<Command> take_commands();
  bool has_commands() const { return !commands_.empty(); }

  /// Where the partition's next record is expected; nothing when it is not assigned.
  std::optional<log::Offset> position(log::Partition partition) const;
  std::size_t buffered_bytes() const { return buffered_bytes_; }

  /// How far a partition is. Every record below `durable` is in the lake, at or below `chain_end`; every one
  /// below `read` was taken.
  struct Progress {
    log::Partition partition = 0;
    log::Offset chain_end = 0;
    log::Offset durable = 0;
    log::Offset read = 0;
    bool paused = false;
  };
  std::vector<Progress> progress() const;

 private:
  struct OpenBatch {
    Batch batch;
    SteadyTime opened_at;
    SteadyTime appended_at;
    std::size_t reused_bytes = 0;  ///< of memory that lines of an earlier batch were written to
  };
  struct PartitionState {
    std::uint64_t generation = 0;
    log::Offset chain_end = 0;
    log::Offset next = 0;
    log::Offset read_to = 0;
    log::Offset committed = 0;
    std::optional<std::size_t> in_flight_bytes;
    log::Offset in_flight_end = 0;
    std::deque<Batch> waiting;
    std::optional<OpenBatch> open;
    bool paused = false;
    /// Of the lines of its last batch, when that was cut by its size; nothing before the first is cut.
    std::optional<std::size_t> full_bytes;
  };

  /// Held, and not counted as buffered: of spare buffers, and of open batches behind their lines.
  std::size_t idle_bytes() const;
  static bool is_settled(const PartitionState& state);
  static log::Offset durable_to(const PartitionState& state);
  PartitionState* find(log::Partition partition, std::uint64_t generation);
  void commit(log::Partition partition, PartitionState& state);
  /// The partition that a record or batch belongs to which ends at `end`; nothing when it is not to be taken.
  PartitionState* taker(log::Partition partition, log::Offset end);
  /// The batch that what has this time belongs to.
  Batch& batch_for(log::Partition partition, PartitionState& state, UtcMillis time, SteadyTime now);
  /// A line was added to the open batch, which has all up to `end` now.
  void added(log::Partition partition, PartitionState& state, log::Offset end, std::size_t bytes,
             SteadyTime now);
  void reserve(Batch& batch, std::size_t bytes) const;
  void open_batch(log::Partition partition, PartitionState& state, UtcMillis time, SteadyTime now);
  void cut(log::Partition partition, PartitionState& state, CutReason reason);
  void start_next_upload(log::Partition partition, PartitionState& state);
  void hold_back(log::Partition partition, PartitionState& state);
  void make_room(log::Partition partition, PartitionState& state);
  void release(std::size_t bytes);
  void drop_batches(PartitionState& state);

  const log::TopicId topic_id_;
  const BatchLimits limits_;
  lake::LineEncoder encoder_;
  std::map<log::Partition, PartitionState> partitions_;
  PartitionState* last_used_ = nullptr;  ///< records come in runs of one partition
  log::Partition last_used_partition_ = -1;
  std::vector<Command> commands_;
  std::vector<std::string> spare_buffers_;
  bool keeps_buffers_ = false;  ///< the last batch of all was cut by its size
  std::size_t buffered_bytes_ = 0;
  bool memory_is_full_ = false;
  std::uint64_t generation_ = 0;
  bool shutting_down_ = false;
};

}  // namespace sdp::sink
