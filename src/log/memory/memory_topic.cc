#include "log/memory/memory_topic.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/uuid.h"

namespace sdp::log {
namespace {

constexpr std::size_t kChunkBytesMin = 4096;
constexpr std::size_t kChunkBytesMax = std::size_t{256} << 10;

// Space is freed by the chunk: small enough that a nearly full log still moves, large enough to be cheap.
std::size_t chunk_bytes(std::size_t retained_bytes_max, Partition partitions) {
  return std::clamp(retained_bytes_max / (8 * static_cast<std::size_t>(partitions)), kChunkBytesMin,
                    kChunkBytesMax);
}

TopicInfo info_of(const MemoryLogOptions& options, Partition partitions, TopicId id) {
  TopicInfo info;
  info.name = options.topic;
  info.id = id;
  info.partitions = partitions;
  info.timestamp_type = options.timestamp_type;
  info.message_bytes_max =
      std::min(options.message_bytes_max, static_cast<std::int64_t>(options.retained_bytes_max));
  return info;
}

}  // namespace

MemoryTopic::MemoryTopic(const MemoryLogOptions& options, Partition partitions, TopicId id)
    : info_(info_of(options, partitions, id)),
      retained_bytes_max_(options.retained_bytes_max),
      delivery_timeout_(options.delivery_timeout),
      groups_(partitions, options.holds) {
  for (Partition p = 0; p < partitions; ++p) {
    partitions_.push_back(
        std::make_unique<PartitionLog>(info_.name, p, chunk_bytes(retained_bytes_max_, partitions)));
  }
}

Result<void> MemoryTopic::take_room(const RecordBytes& record) {
  const std::size_t bytes = encoded_size(record);
  if (bytes > static_cast<std::size_t>(info_.message_bytes_max)) {
    return fail(ErrorKind::bad_input,
                fmt::format("{}: a record of {} bytes is larger than the topic takes ({})", info_.name, bytes,
                            info_.message_bytes_max));
  }
  if (!reserve(bytes)) SDP_RETURN_IF_ERROR(wait_for_room(bytes));
  return {};
}

Result<Offset> MemoryTopic::append(Partition partition, const RecordBytes& record) {
  SDP_RETURN_IF_ERROR(take_room(record));
  const Offset offset = partitions_[static_cast<std::size_t>(partition)]->append(record);
  changed_.notify();
  return offset;
}

Result<Offset> MemoryTopic::append_open(Partition partition, TransactionalId id, const RecordBytes& record) {
  SDP_RETURN_IF_ERROR(take_room(record));
  const Offset offset = partitions_[static_cast<std::size_t>(partition)]->append_open(id, record);
  changed_.notify();
  return offset;
}

Result<std::optional<Offset>> MemoryTopic::end_transaction(Partition partition, TransactionalId id,
                                                           TransactionEnd end) {
  if (!reserve(mark_size())) SDP_RETURN_IF_ERROR(wait_for_room(mark_size()));
  const auto offset = partitions_[static_cast<std::size_t>(partition)]->end_transaction(id, end);
  if (!offset) retained_bytes_ -= mark_size();
  changed_.notify();
  return offset;
}

void MemoryTopic::truncate(Partition partition, Offset end) {
  retained_bytes_ -= partitions_.at(static_cast<std::size_t>(partition))->truncate(end);
  room_.notify();
  changed_.notify();
}

Result<Offset> MemoryTopic::append_mark(Partition partition) {
  if (!reserve(mark_size())) SDP_RETURN_IF_ERROR(wait_for_room(mark_size()));
  const Offset offset = partitions_[static_cast<std::size_t>(partition)]->append_mark();
  changed_.notify();
  return offset;
}

Result<Offset> MemoryTopic::append_unreadable(Partition partition, std::int32_t count, BatchFault fault) {
  const std::size_t bytes = mark_size() * static_cast<std::size_t>(count);
  if (!reserve(bytes)) SDP_RETURN_IF_ERROR(wait_for_room(bytes));
  const Offset first = partitions_[static_cast<std::size_t>(partition)]->append_unreadable(count, fault);
  changed_.notify();
  return first;
}

bool MemoryTopic::reserve(std::size_t bytes) {
  if (retained_bytes_.fetch_add(bytes) + bytes <= retained_bytes_max_) return true;
  retained_bytes_ -= bytes;
  return false;
}

// Partitions take turns, so that each keeps about as much as the others.
bool MemoryTopic::make_room(std::size_t bytes) {
  std::size_t kept = 0;
  while (!reserve(bytes)) {
    PartitionLog& oldest = *partitions_[drop_next_++ % partitions_.size()];
    const std::size_t freed = oldest.drop_oldest(groups_.passed(oldest.partition()));
    retained_bytes_ -= freed;
    kept = freed > 0 ? 0 : kept + 1;
    if (kept > partitions_.size()) return false;
  }
  return true;
}

Result<void> MemoryTopic::wait_for_room(std::size_t bytes) {
  const auto deadline = base::system_clock().steady_now() + delivery_timeout_;
  if (room_.wait_until(deadline, [&] { return retired_ || make_room(bytes); })) {
    if (retired_) return std::unexpected(retired_error());
    return {};
  }
  return fail(
      ErrorKind::unavailable,
      fmt::format("{}: the log in memory is full ({} bytes) and stayed so for {} ms: {}. Is the group "
                  "reading? Otherwise raise the limit of retained bytes",
                  info_.name, retained_bytes_max_, delivery_timeout_.count(), groups_.slowest()));
}

Result<void> MemoryTopic::check_partition(Partition partition) const {
  if (partition >= 0 && partition < info_.partitions) return {};
  return fail(ErrorKind::bad_input, fmt::format("{} has no partition {}, only 0 to {}", info_.name, partition,
                                                info_.partitions - 1));
}

void MemoryTopic::delete_below(Partition partition, Offset offset) {
  retained_bytes_ -= partitions_.at(static_cast<std::size_t>(partition))->delete_below(offset);
  room_.notify();
}

void MemoryTopic::retire() {
  retired_ = true;
  room_.notify();
  changed_.notify();
}

Error MemoryTopic::retired_error() const {
  return {ErrorKind::fenced, fmt::format("topic {} with id {} was deleted: open it again", info_.name,
                                         base::to_string(info_.id))};
}

}  // namespace sdp::log
