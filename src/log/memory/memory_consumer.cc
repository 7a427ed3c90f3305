#include "log/memory/memory_consumer.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "base/clock.h"
#include "log/starts.h"

namespace sdp::log {
namespace {

constexpr std::chrono::milliseconds kGathered{1};

}  // namespace

MemoryConsumer::MemoryConsumer(std::shared_ptr<MemoryTopic> topic, std::string group)
    : topic_(std::move(topic)), group_(std::move(group)), member_(topic_->groups().join(group_)) {
  topic_->members_changed();
}

MemoryConsumer::~MemoryConsumer() {
  if (closed_) return;
  topic_->groups().leave(group_, member_);
  topic_->members_changed();
}

Result<std::size_t> MemoryConsumer::poll(ConsumerHandler& handler, std::size_t records_max,
                                         std::chrono::milliseconds timeout) {
  if (closed_) return fail(ErrorKind::fatal, fmt::format("{}: poll after close", topic_->info().name));
  const auto deadline = base::system_clock().steady_now() + timeout;
  do {
    if (topic_->retired()) return std::unexpected(topic_->retired_error());
    SDP_RETURN_IF_ERROR(serve_group(handler));
    SDP_TRY(const std::size_t records, deliver(handler, records_max));
    if (records > 0) return records;
  } while (wait_for_news(deadline));
  return 0;
}

/// False when there are none until then. To be woken for each record costs more than the record: who waited
/// for one gives others the time to come.
bool MemoryConsumer::wait_for_news(SteadyTime deadline) {
  if (!topic_->wait_for_change(deadline, [this] { return has_news(); })) return false;
  Clock& clock = base::system_clock();
  if (!has_other_news() && clock.steady_now() + kGathered < deadline) clock.sleep_for(kGathered);
  return true;
}

/// Something besides records: the topic is no longer there, or the group has changed.
bool MemoryConsumer::has_other_news() const {
  return topic_->retired() || topic_->groups().version() != seen_version_;
}

bool MemoryConsumer::has_news() const {
  return has_other_news() ||
         std::ranges::any_of(assigned_ | std::views::values, [](const Assigned& assigned) {
           return !assigned.paused && !assigned.is_stuck &&
                  assigned.cursor.log().has_more(assigned.cursor.offset());
         });
}

Result<void> MemoryConsumer::serve_group(ConsumerHandler& handler) {
  const std::uint64_t version = topic_->groups().version();
  if (version == seen_version_) return {};
  revoke(handler, topic_->groups().to_revoke(group_, member_));
  SDP_RETURN_IF_ERROR(assign(handler, topic_->groups().claim(group_, member_)));
  seen_version_ = version;
  return {};
}

void MemoryConsumer::revoke(ConsumerHandler& handler, const std::vector<Partition>& partitions) {
  if (partitions.empty()) return;
  for (const Partition partition : partitions) assigned_.erase(partition);
  handler.on_revoked(partitions, /*lost=*/false);
  topic_->groups().release(group_, member_, partitions);
  topic_->members_changed();
}

Result<void> MemoryConsumer::assign(ConsumerHandler& handler, const std::vector<Partition>& partitions) {
  if (partitions.empty()) return {};
  auto starts = handler.on_assigned(partitions);
  if (auto checked = starts ? check_starts(topic_->info().name, partitions, *starts)
                            : Result<void>(std::unexpected(starts.error()));
      !checked) {
    topic_->groups().release(group_, member_, partitions);
    return checked;
  }
  for (const auto& [partition, offset] : *starts) {
    assigned_.insert_or_assign(partition, Assigned{PartitionCursor(topic_->partition(partition), offset)});
  }
  return {};
}

Result<std::size_t> MemoryConsumer::deliver(ConsumerHandler& handler, std::size_t records_max) {
  std::size_t delivered = 0;
  bool moved = false;
  auto next = assigned_.lower_bound(turn_);
  for (std::size_t asked = 0; asked < assigned_.size() && delivered < records_max; ++asked) {
    if (next == assigned_.end()) next = assigned_.begin();
    auto& [partition, assigned] = *next++;
    const Offset before = assigned.cursor.offset();
    SDP_TRY(const std::size_t records, deliver_one(handler, assigned, records_max - delivered));
    delivered += records;
    moved = moved || assigned.cursor.offset() != before;
    turn_ = partition + 1;
  }
  if (moved) publish_positions();
  return delivered;
}

Result<std::size_t> MemoryConsumer::deliver_one(ConsumerHandler& handler, Assigned& assigned,
                                                std::size_t records_max) {
  std::size_t delivered = 0;
  while (!assigned.paused && !assigned.is_stuck && delivered < records_max) {
    assigned.interrupted = false;
    auto fetched = assigned.cursor.fetch();
    if (!fetched) {
      SDP_RETURN_IF_ERROR(handler.on_gap(assigned.cursor.log().partition(), std::move(fetched).error()));
      assigned.is_stuck = true;
      break;
    }
    const std::size_t available = *fetched;
    if (available == 0) {
      tell_end(handler, assigned);
      break;
    }
    for (std::size_t left = available; left > 0 && delivered < records_max && !assigned.interrupted; --left) {
      if (const auto batch = assigned.cursor.unreadable()) {
        assigned.is_stuck = true;
        SDP_RETURN_IF_ERROR(handler.on_unreadable(batch->partition, batch->first));
        break;
      }
      if (!assigned.cursor.next(record_)) continue;
      ++delivered;
      SDP_RETURN_IF_ERROR(handler.on_record(record_));
    }
  }
  return delivered;
}

void MemoryConsumer::tell_end(ConsumerHandler& handler, Assigned& assigned) {
  const Offset end = assigned.cursor.offset();
  if (assigned.end_told == end) return;
  assigned.end_told = end;
  handler.on_end(assigned.cursor.log().partition(), end);
}

void MemoryConsumer::publish_positions() {
  std::vector<PartitionOffset> positions;
  positions.reserve(assigned_.size());
  for (const auto& [partition, assigned] : assigned_)
    positions.push_back({partition, assigned.cursor.offset()});
  topic_->groups().consumed(group_, positions);
  topic_->positions_changed();
}

Result<void> MemoryConsumer::seek(PartitionOffset position) {
  const auto found = assigned_.find(position.partition);
  if (found == assigned_.end()) {
    return fail(ErrorKind::fenced,
                fmt::format("{}/{}: cannot seek, group {} gave the partition to another member",
                            topic_->info().name, position.partition, group_));
  }
  found->second.cursor.seek(position.offset);
  found->second.interrupted = true;
  found->second.is_stuck = false;
  found->second.end_told.reset();
  return {};
}

Result<void> MemoryConsumer::pause(Partition partition) {
  if (const auto found = assigned_.find(partition); found != assigned_.end()) {
    found->second.paused = true;
    found->second.interrupted = true;
    found->second.end_told.reset();
  }
  return {};
}

Result<void> MemoryConsumer::resume(Partition partition) {
  if (const auto found = assigned_.find(partition); found != assigned_.end()) found->second.paused = false;
  return {};
}

Result<void> MemoryConsumer::commit(std::span<const PartitionOffset> positions) {
  for (const PartitionOffset& position : positions)
    SDP_RETURN_IF_ERROR(topic_->check_partition(position.partition));
  topic_->groups().commit(group_, positions);
  topic_->positions_changed();
  return {};
}

std::optional<Offset> MemoryConsumer::known_end(Partition partition) const {
  const auto found = assigned_.find(partition);
  if (found == assigned_.end()) return std::nullopt;
  return found->second.cursor.log().watermarks().end;
}

Result<bool> MemoryConsumer::confirm(Partition, DeliveryMark) {
  if (topic_->retired()) return std::unexpected(topic_->retired_error());
  return true;
}

Result<void> MemoryConsumer::close(ConsumerHandler& handler) {
  if (closed_) return {};
  closed_ = true;
  const auto partitions = assigned_ | std::views::keys;
  revoke(handler, {partitions.begin(), partitions.end()});
  topic_->groups().leave(group_, member_);
  topic_->members_changed();
  return {};
}

}  // namespace sdp::log
