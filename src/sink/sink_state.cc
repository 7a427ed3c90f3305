#include "sink/sink_state.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "base/check.h"
#include "lake/hour_marker.h"

namespace sdp::sink {
namespace {

/// As many as the uploads that usually end at about the same time.
constexpr std::size_t kSpareBuffersMax = 4;
/// What buffers that are used again may hold without lines in them: this part of buffer_bytes_max.
constexpr std::size_t kIdleShare = 4;
/// The next batch of a partition may be larger than its last one by this part of it, and its lines are not
/// moved.
constexpr std::size_t kGrowthShare = 16;

/// Whether a record is filed under another hour than the batch whose first record has the time `first`. A
/// clock that went back keeps its records in the later hour's batch, and so does one that tells no time: an
/// object belongs to its first record. Only what follows a batch without a time has an hour of its own.
bool begins_hour(UtcMillis time, UtcMillis first) {
  if (!lake::has_time(time)) return false;
  return !lake::has_time(first) || lake::hour_of(time) > lake::hour_of(first);
}

void note_rejected(Batch& batch, lake::OffsetRange range, lake::RejectCode code) {
  ++batch.rejected;
  ++batch.rejected_codes[code];
  batch.rejected_range = lake::OffsetRange{batch.rejected_range.value_or(range).first, range.end};
}

log::Partition partition_of(const Command& command) {
  struct {
    log::Partition operator()(const Upload& upload) const { return upload.batch.chain.partition; }
    log::Partition operator()(const Seek& seek) const { return seek.to.partition; }
    log::Partition operator()(const Commit& commit) const { return commit.next.partition; }
    log::Partition operator()(const Pause& pause) const { return pause.partition; }
    log::Partition operator()(const Resume& resume) const { return resume.partition; }
  } visitor;
  return std::visit(visitor, command);
}

}  // namespace

SinkState::SinkState(log::TopicId topic_id, const BatchLimits& limits, lake::LineEncoder encoder)
    : topic_id_(topic_id), limits_(limits), encoder_(std::move(encoder)) {}

std::uint64_t SinkState::assigned(log::Partition partition, log::Offset chain_end) {
  revoked(partition);
  PartitionState& state = partitions_[partition];
  state.generation = ++generation_;
  state.chain_end = chain_end;
  state.next = chain_end;
  state.read_to = chain_end;
  state.committed = chain_end;
  commands_.emplace_back(Resume{partition});  // a pause of an earlier assignment may stand
  return state.generation;
}

void SinkState::revoked(log::Partition partition) {
  const auto at = partitions_.find(partition);
  if (at == partitions_.end()) return;
  drop_batches(at->second);
  // The bytes in flight are the uploader's until it is done, but no longer this state's to wait for.
  const std::size_t in_flight = at->second.in_flight_bytes.value_or(0);
  partitions_.erase(at);
  release(in_flight);
  std::erase_if(commands_, [&](const Command& command) { return partition_of(command) == partition; });
  last_used_ = nullptr;
  last_used_partition_ = -1;
}

void SinkState::append(const log::RecordView& record, SteadyTime now) {
  PartitionState* const state = taker(record.partition, record.offset + 1);
  if (state == nullptr) return;
  Batch& batch = batch_for(record.partition, *state, record.timestamp, now);
  const std::size_t bytes_before = batch.lines.size();
  if (const auto code = encoder_.append(batch.lines, record))
    note_rejected(batch, {record.offset, record.offset + 1}, *code);
  batch.last_timestamp = record.timestamp;
  batch.leader_epoch = record.leader_epoch;
  added(record.partition, *state, record.offset + 1, batch.lines.size() - bytes_before, now);
}

void SinkState::append(const log::UnreadableBatch& unreadable, SteadyTime now) {
  PartitionState* const state = taker(unreadable.partition, unreadable.end);
  if (state == nullptr) return;
  log::UnreadableBatch rest = unreadable;
  rest.first = std::max(rest.first, state->next);
  Batch& batch = batch_for(rest.partition, *state, log::kTimeOfUnreadable, now);
  const std::size_t bytes_before = batch.lines.size();
  const lake::RejectCode code = lake::LineEncoder::append(batch.lines, rest);
  note_rejected(batch, {rest.first, rest.end}, code);
  batch.last_timestamp = log::kTimeOfUnreadable;
  batch.leader_epoch.reset();
  added(rest.partition, *state, rest.end, batch.lines.size() - bytes_before, now);
}

SinkState::PartitionState* SinkState::taker(log::Partition partition, log::Offset end) {
  if (partition != last_used_partition_) {
    const auto at = partitions_.find(partition);
    if (at == partitions_.end()) return nullptr;
    last_used_ = &at->second;
    last_used_partition_ = partition;
  }
  return shutting_down_ || end <= last_used_->next ? nullptr : last_used_;
}

Batch& SinkState::batch_for(log::Partition partition, PartitionState& state, UtcMillis time, SteadyTime now) {
  if (state.open && begins_hour(time, state.open->batch.first_timestamp)) {
    cut(partition, state, CutReason::hour);
  }
  if (!state.open) open_batch(partition, state, time, now);
  return state.open->batch;
}

void SinkState::added(log::Partition partition, PartitionState& state, log::Offset end, std::size_t bytes,
                      SteadyTime now) {
  Batch& batch = state.open->batch;
  buffered_bytes_ += bytes;
  ++batch.records;
  batch.range.end = end;
  state.next = end;
  state.read_to = end;
  state.open->appended_at = now;
  // Of a partition's first batch it is not known how large it will be: as if all lines were like this one.
  if (batch.records == 1 && !state.full_bytes)
    reserve(batch, std::min(limits_.bytes_max, static_cast<std::size_t>(limits_.records_max) * bytes));

  if (batch.records >= limits_.records_max) {
    cut(partition, state, CutReason::records);
  } else if (batch.lines.size() >= limits_.bytes_max) {
    cut(partition, state, CutReason::bytes);
  } else if (buffered_bytes_ >= limits_.buffer_bytes_max) {
    make_room(partition, state);
  }
}

void SinkState::read_to(log::Partition partition, log::Offset end) {
  const auto at = partitions_.find(partition);
  if (at == partitions_.end() || shutting_down_ || end <= at->second.read_to) return;
  at->second.read_to = end;
  commit(partition, at->second);
}

void SinkState::tick(SteadyTime now) {
  for (auto& [partition, state] : partitions_) {
    if (!state.open) continue;
    if (now - state.open->appended_at >= limits_.idle) {
      cut(partition, state, CutReason::idle);
    } else if (now - state.open->opened_at >= limits_.linger) {
      cut(partition, state, CutReason::linger);
    }
  }
}

void SinkState::upload_done(log::Partition partition, std::uint64_t generation) {
  PartitionState* state = find(partition, generation);
  if (state == nullptr) return;
  release(*std::exchange(state->in_flight_bytes, std::nullopt));
  state->chain_end = state->in_flight_end;
  commit(partition, *state);
  start_next_upload(partition, *state);
}

void SinkState::upload_lost(log::Partition partition, std::uint64_t generation, log::Offset chain_end) {
  PartitionState* state = find(partition, generation);
  if (state == nullptr) return;
  SDP_ASSERT(chain_end > state->chain_end);
  release(*std::exchange(state->in_flight_bytes, std::nullopt));
  drop_batches(*state);
  state->chain_end = chain_end;
  state->next = chain_end;
  state->read_to = chain_end;
  commands_.emplace_back(Seek{{partition, chain_end}});
  commit(partition, *state);
  hold_back(partition, *state);
}

void SinkState::reuse(std::string buffer) {
  if (!keeps_buffers_ || spare_buffers_.size() >= kSpareBuffersMax) return;
  if (idle_bytes() + buffer.capacity() > limits_.buffer_bytes_max / kIdleShare) return;
  buffer.clear();
  spare_buffers_.push_back(std::move(buffer));
}

std::size_t SinkState::idle_bytes() const {
  std::size_t bytes = 0;
  for (const std::string& spare : spare_buffers_) bytes += spare.capacity();
  for (const auto& [partition, state] : partitions_) {
    if (!state.open) continue;
    bytes += state.open->reused_bytes - std::min(state.open->reused_bytes, state.open->batch.lines.size());
  }
  return bytes;
}

void SinkState::shut_down() {
  shutting_down_ = true;
  for (auto& [partition, state] : partitions_) {
    if (state.open) cut(partition, state, CutReason::shutdown);
  }
}

void SinkState::cut_below(log::Partition partition, log::Offset end) {
  const auto at = partitions_.find(partition);
  if (at == partitions_.end() || !at->second.open || at->second.open->batch.range.first >= end) return;
  cut(partition, at->second, CutReason::shutdown);
}

bool SinkState::drained() const {
  return std::ranges::all_of(partitions_ | std::views::values, is_settled);
}

std::vector<Command> SinkState::take_commands() {
  return std::exchange(commands_, {});
}

std::optional<log::Offset> SinkState::position(log::Partition partition) const {
  const auto at = partitions_.find(partition);
  if (at == partitions_.end()) return std::nullopt;
  return at->second.next;
}

std::vector<SinkState::Progress> SinkState::progress() const {
  std::vector<Progress> progress;
  progress.reserve(partitions_.size());
  for (const auto& [partition, state] : partitions_)
    progress.push_back({partition, state.chain_end, durable_to(state), state.read_to, state.paused});
  return progress;
}

bool SinkState::is_settled(const PartitionState& state) {
  return !state.open && state.waiting.empty() && !state.in_flight_bytes;
}

log::Offset SinkState::durable_to(const PartitionState& state) {
  return is_settled(state) ? state.read_to : state.chain_end;
}

void SinkState::commit(log::Partition partition, PartitionState& state) {
  const log::Offset durable = durable_to(state);
  if (durable <= state.committed) return;
  state.committed = durable;
  commands_.emplace_back(Commit{{partition, durable}});
}

SinkState::PartitionState* SinkState::find(log::Partition partition, std::uint64_t generation) {
  const auto at = partitions_.find(partition);
  if (at == partitions_.end() || at->second.generation != generation)
    return nullptr;  // an older assignment's
  SDP_ASSERT(at->second.in_flight_bytes);
  return &at->second;
}

/// A buffer that grows is copied each time. What was reserved becomes memory only as it is written; all
/// partitions together reserve no more than they may fill.
void SinkState::reserve(Batch& batch, std::size_t bytes) const {
  batch.lines.reserve(std::min(bytes + bytes / kGrowthShare, limits_.buffer_bytes_max / partitions_.size()));
}

void SinkState::open_batch(log::Partition partition, PartitionState& state, UtcMillis time, SteadyTime now) {
  Batch batch;
  batch.generation = state.generation;
  batch.chain = {topic_id_, partition};
  batch.range = {state.next, state.next};
  batch.first_timestamp = time;
  std::size_t reused_bytes = 0;
  const std::size_t full_bytes = state.full_bytes.value_or(0);
  if (full_bytes > 0 && !spare_buffers_.empty()) {
    batch.lines = std::move(spare_buffers_.back());
    spare_buffers_.pop_back();
    reused_bytes = batch.lines.capacity();
  }
  reserve(batch, full_bytes);
  state.open = OpenBatch{std::move(batch), now, now, reused_bytes};
}

void SinkState::cut(log::Partition partition, PartitionState& state, CutReason reason) {
  state.open->batch.reason = reason;
  // Who waits for records needs no large buffers, and then nobody keeps them.
  const bool is_full = reason != CutReason::linger && reason != CutReason::idle;
  state.full_bytes = is_full ? state.open->batch.lines.size() : 0;
  keeps_buffers_ = is_full;
  if (!keeps_buffers_) spare_buffers_.clear();
  state.waiting.push_back(std::move(state.open->batch));
  state.open.reset();
  start_next_upload(partition, state);
}

void SinkState::start_next_upload(log::Partition partition, PartitionState& state) {
  if (!state.in_flight_bytes && !state.waiting.empty()) {
    Batch batch = std::move(state.waiting.front());
    state.waiting.pop_front();
    SDP_ASSERT(batch.range.first == state.chain_end && !batch.range.empty());
    state.in_flight_bytes = batch.lines.size();
    state.in_flight_end = batch.range.end;
    commands_.emplace_back(Upload{std::move(batch)});
  }
  hold_back(partition, state);
}

// A partition whose uploads do not keep up stops reading: its memory is one batch in flight, one waiting, and
// at most what a single poll still delivers. So does one with an upload under way while memory is full: to
// cut its batch would free nothing, and make a small object.
void SinkState::hold_back(log::Partition partition, PartitionState& state) {
  const bool should_pause = !state.waiting.empty() || (memory_is_full_ && state.in_flight_bytes);
  if (should_pause == state.paused) return;
  state.paused = should_pause;
  if (should_pause) {
    commands_.emplace_back(Pause{partition});
  } else {
    commands_.emplace_back(Resume{partition});
  }
}

void SinkState::make_room(log::Partition partition, PartitionState& state) {
  memory_is_full_ = true;
  spare_buffers_.clear();
  if (state.in_flight_bytes) {
    hold_back(partition, state);
  } else {
    cut(partition, state, CutReason::memory);
  }
}

/// Memory is full until a quarter of it is free, so that partitions do not stop and go with each upload.
void SinkState::release(std::size_t bytes) {
  buffered_bytes_ -= bytes;
  if (!memory_is_full_ || buffered_bytes_ > limits_.buffer_bytes_max / 4 * 3) return;
  memory_is_full_ = false;
  for (auto& [partition, state] : partitions_) hold_back(partition, state);
}

void SinkState::drop_batches(PartitionState& state) {
  std::size_t bytes = state.open ? state.open->batch.lines.size() : 0;
  for (const Batch& batch : state.waiting) bytes += batch.lines.size();
  state.waiting.clear();
  state.open.reset();
  release(bytes);
}

}  // namespace sdp::sink
