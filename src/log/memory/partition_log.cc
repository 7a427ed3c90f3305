#include "log/memory/partition_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace sdp::log {

PartitionLog::PartitionLog(std::string topic, Partition partition, std::size_t chunk_bytes)
    : topic_(std::move(topic)), partition_(partition), chunk_bytes_(chunk_bytes) {}

Chunk& PartitionLog::chunk_with_room(std::size_t size) {
  if (chunks_.empty() || chunks_.back()->capacity - chunks_.back()->used < size) {
    auto chunk = std::make_shared<Chunk>();
    chunk->first = end_;
    chunk->capacity = std::max(size, chunk_bytes_);
    chunk->bytes = std::make_unique_for_overwrite<char[]>(chunk->capacity);
    chunks_.push_back(std::move(chunk));
  }
  return *chunks_.back();
}

Offset PartitionLog::append_locked(RecordBytes record) {
  record.leader_epoch = epoch_;
  const std::size_t size = encoded_size(record);
  Chunk& chunk = chunk_with_room(size);
  encode_record(record, chunk.bytes.get() + chunk.used);
  return stepped_over(chunk, size);
}

Offset PartitionLog::append_mark_locked() {
  Chunk& chunk = chunk_with_room(mark_size());
  encode_mark(chunk.bytes.get() + chunk.used);
  return stepped_over(chunk, mark_size());
}

Offset PartitionLog::append_unreadable(std::int32_t count, BatchFault fault) {
  std::lock_guard lock(mutex_);
  const Offset first = end_;
  for (std::int32_t before = 0; before < count; ++before) {
    Chunk& chunk = chunk_with_room(mark_size());
    encode_unreadable({before, count - before, fault}, chunk.bytes.get() + chunk.used);
    stepped_over(chunk, mark_size());
  }
  return first;
}

Offset PartitionLog::append(const RecordBytes& record) {
  std::lock_guard lock(mutex_);
  return append_locked(record);
}

Offset PartitionLog::append_mark() {
  std::lock_guard lock(mutex_);
  return append_mark_locked();
}

Offset PartitionLog::append_open(TransactionalId id, const RecordBytes& record) {
  std::lock_guard lock(mutex_);
  const Offset offset = append_locked(record);
  open_[id].push_back(offset);
  return offset;
}

std::optional<Offset> PartitionLog::end_transaction(TransactionalId id, TransactionEnd end) {
  std::lock_guard lock(mutex_);
  const auto ended = open_.find(id);
  if (ended == open_.end()) return std::nullopt;
  // While it is open: nobody reads these bytes.
  if (end == TransactionEnd::abort) turn_into_marks(ended->second);
  open_.erase(ended);
  return append_mark_locked();
}

/// `offsets` ascend. Those that retention has dropped meanwhile are left out.
void PartitionLog::turn_into_marks(const std::vector<Offset>& offsets) {
  auto next = std::ranges::lower_bound(offsets, start_);
  for (const auto& chunk : chunks_) {
    std::size_t byte = 0;
    for (Offset at = chunk->first; at < chunk->end() && next != offsets.end() && *next < chunk->end(); ++at) {
      char* const record = chunk->bytes.get() + byte;
      if (at == *next) {
        turn_into_mark(record);
        ++next;
      }
      byte += skip_record(record);
    }
  }
}

LeaderEpoch PartitionLog::elect() {
  std::lock_guard lock(mutex_);
  epoch_ = epoch_ ? *epoch_ + 1 : 1;
  return *epoch_;
}

std::size_t PartitionLog::truncate(Offset end) {
  std::lock_guard lock(mutex_);
  end_ = std::clamp(end, start_, end_);
  std::size_t freed = 0;
  while (!chunks_.empty() && chunks_.back()->first >= end_) {
    freed += chunks_.back()->used;
    chunks_.pop_back();
  }
  if (!chunks_.empty() && chunks_.back()->end() > end_) {
    // A copy of what stays: who holds the chunk may go on reading it.
    const Chunk& whole = *chunks_.back();
    auto rest = std::make_shared<Chunk>();
    rest->first = whole.first;
    rest->count = end_ - whole.first;
    for (Offset at = rest->first; at < end_; ++at) rest->used += skip_record(whole.bytes.get() + rest->used);
    rest->capacity = whole.capacity;
    rest->bytes = std::make_unique_for_overwrite<char[]>(rest->capacity);
    std::ranges::copy_n(whole.bytes.get(), static_cast<std::ptrdiff_t>(rest->used), rest->bytes.get());
    freed += whole.used - rest->used;
    chunks_.back() = std::move(rest);
  }
  for (auto& [id, offsets] : open_) offsets.erase(std::ranges::lower_bound(offsets, end_), offsets.end());
  std::erase_if(open_, [](const auto& transaction) { return transaction.second.empty(); });
  return freed;
}

Offset PartitionLog::stable_end() const {
  Offset stable = end_;
  for (const auto& [id, offsets] : open_) stable = std::min(stable, offsets.front());
  return std::max(stable, start_);
}

Offset PartitionLog::stepped_over(Chunk& chunk, std::size_t size) {
  chunk.used += size;
  ++chunk.count;
  return end_++;
}

Watermarks PartitionLog::watermarks() const {
  std::lock_guard lock(mutex_);
  return {start_, stable_end()};
}

std::size_t PartitionLog::drop_front() {
  const std::size_t freed = chunks_.front()->used;
  start_ = std::max(start_, chunks_.front()->end());
  chunks_.pop_front();
  return freed;
}

std::size_t PartitionLog::delete_below(Offset offset) {
  std::lock_guard lock(mutex_);
  start_ = std::clamp(offset, start_, end_);
  std::size_t freed = 0;
  while (!chunks_.empty() && chunks_.front()->end() <= start_) freed += drop_front();
  return freed;
}

std::size_t PartitionLog::drop_oldest(Offset passed) {
  std::lock_guard lock(mutex_);
  if (chunks_.empty() || chunks_.front()->end() > passed) return 0;
  return drop_front();
}

Result<PartitionLog::Slice> PartitionLog::slice(Offset from) const {
  std::lock_guard lock(mutex_);
  if (from < start_ || from > end_) {
    return fail(ErrorKind::data_gap, fmt::format("{}/{}: offset {} is out of range, the log has [{}, {})",
                                                 topic_, partition_, from, start_, end_));
  }
  const Offset stable = stable_end();
  if (from >= stable) return Slice{nullptr, stable};
  const auto behind =
      std::ranges::upper_bound(chunks_, from, {}, [](const auto& chunk) { return chunk->first; });
  SDP_ASSERT(behind != chunks_.begin());
  const auto& chunk = *std::prev(behind);
  return Slice{chunk, std::min(chunk->end(), stable)};
}

bool PartitionLog::has_more(Offset from) const {
  std::lock_guard lock(mutex_);
  return from < start_ || from > end_ || from < stable_end();
}

void PartitionCursor::seek(Offset offset) {
  offset_ = offset;
  in_chunk_ = false;
}

Result<std::size_t> PartitionCursor::fetch() {
  SDP_TRY(PartitionLog::Slice slice, log_->slice(offset_));
  if (!slice.chunk) return 0;
  if (slice.chunk != chunk_ || !in_chunk_) {
    chunk_ = std::move(slice.chunk);
    byte_ = 0;
    for (Offset at = chunk_->first; at < offset_; ++at) byte_ += skip_record(chunk_->bytes.get() + byte_);
    in_chunk_ = true;
  }
  return static_cast<std::size_t>(slice.end - offset_);
}

bool PartitionCursor::next(RecordView& view) {
  SDP_ASSERT(in_chunk_);
  const Offset offset = offset_++;
  const char* const at = chunk_->bytes.get() + byte_;
  if (is_mark(at) || decode_unreadable(at)) {
    byte_ += skip_record(at);
    return false;
  }
  view.partition = log_->partition();
  view.offset = offset;
  byte_ += decode_record(at, view);
  return true;
}

std::optional<UnreadableBatch> PartitionCursor::unreadable() const {
  SDP_ASSERT(in_chunk_);
  const auto mark = decode_unreadable(chunk_->bytes.get() + byte_);
  if (!mark) return std::nullopt;
  return UnreadableBatch{log_->partition(), offset_, offset_ + mark->left, mark->fault};
}

}  // namespace sdp::log
