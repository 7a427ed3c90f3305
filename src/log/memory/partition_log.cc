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

Offset PartitionLog::append(const RecordBytes& record) {
  const std::size_t size = encoded_size(record);
  std::lock_guard lock(mutex_);
  Chunk& chunk = chunk_with_room(size);
  encode_record(record, chunk.bytes.get() + chunk.used);
  return stepped_over(chunk, size);
}

Offset PartitionLog::append_mark() {
  std::lock_guard lock(mutex_);
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

Offset PartitionLog::stepped_over(Chunk& chunk, std::size_t size) {
  chunk.used += size;
  ++chunk.count;
  return end_++;
}

Watermarks PartitionLog::watermarks() const {
  std::lock_guard lock(mutex_);
  return {start_, end_};
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
  if (from == end_) return Slice{nullptr, end_};
  const auto behind =
      std::ranges::upper_bound(chunks_, from, {}, [](const auto& chunk) { return chunk->first; });
  SDP_ASSERT(behind != chunks_.begin());
  const auto& chunk = *std::prev(behind);
  return Slice{chunk, chunk->end()};
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
