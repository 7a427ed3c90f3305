#include "log/memory/groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace sdp::log {

Groups::Groups(Partition partitions, std::vector<RetentionHold> holds)
    : partitions_(partitions), holds_(std::move(holds)) {}

Groups::Group& Groups::group_of(const std::string& name) {
  const std::vector<std::optional<Offset>> nothing(static_cast<std::size_t>(partitions_));
  return groups_.try_emplace(name, Group{GroupState(partitions_), nothing, nothing}).first->second;
}

MemberId Groups::join(const std::string& group) {
  std::lock_guard lock(mutex_);
  group_of(group).state.join(next_member_);
  ++version_;
  return next_member_++;
}

void Groups::leave(const std::string& group, MemberId member) {
  std::lock_guard lock(mutex_);
  group_of(group).state.leave(member);
  ++version_;
}

std::vector<Partition> Groups::to_revoke(const std::string& group, MemberId member) const {
  std::lock_guard lock(mutex_);
  return groups_.find(group)->second.state.to_revoke(member);
}

std::vector<Partition> Groups::claim(const std::string& group, MemberId member) {
  std::lock_guard lock(mutex_);
  GroupState& state = group_of(group).state;
  const auto partitions = state.to_assign(member);
  for (const Partition partition : partitions) state.assigned(member, partition);
  return partitions;
}

void Groups::release(const std::string& group, MemberId member, std::span<const Partition> partitions) {
  std::lock_guard lock(mutex_);
  for (const Partition partition : partitions) group_of(group).state.revoked(member, partition);
  ++version_;
}

void Groups::commit(const std::string& group, std::span<const PartitionOffset> positions) {
  std::lock_guard lock(mutex_);
  for (const auto& [partition, offset] : positions) {
    group_of(group).committed.at(static_cast<std::size_t>(partition)) = offset;
  }
}

void Groups::consumed(const std::string& group, std::span<const PartitionOffset> positions) {
  std::lock_guard lock(mutex_);
  for (const auto& [partition, offset] : positions) {
    group_of(group).consumed.at(static_cast<std::size_t>(partition)) = offset;
  }
}

std::vector<std::optional<Offset>> Groups::committed(std::string_view group) const {
  std::lock_guard lock(mutex_);
  const auto found = groups_.find(group);
  if (found != groups_.end()) return found->second.committed;
  return std::vector<std::optional<Offset>>(static_cast<std::size_t>(partitions_));
}

std::size_t Groups::members(std::string_view group) const {
  std::lock_guard lock(mutex_);
  const auto found = groups_.find(group);
  return found != groups_.end() ? found->second.state.members().size() : 0;
}

Offset Groups::passed_by(const RetentionHold& hold, Partition partition) const {
  const auto found = groups_.find(hold.group);
  if (found == groups_.end()) return 0;
  const auto& positions =
      hold.until == RetentionHold::Until::consumed ? found->second.consumed : found->second.committed;
  return positions.at(static_cast<std::size_t>(partition)).value_or(0);
}

Offset Groups::passed(Partition partition) const {
  std::lock_guard lock(mutex_);
  Offset passed = std::numeric_limits<Offset>::max();
  for (const RetentionHold& hold : holds_) passed = std::min(passed, passed_by(hold, partition));
  return passed;
}

std::string Groups::slowest() const {
  std::lock_guard lock(mutex_);
  Offset lowest = std::numeric_limits<Offset>::max();
  std::string text = "no group holds it";
  for (const RetentionHold& hold : holds_) {
    for (Partition partition = 0; partition < partitions_; ++partition) {
      const Offset passed = passed_by(hold, partition);
      if (passed >= lowest) continue;
      lowest = passed;
      text = fmt::format("group {} stands at offset {} of partition {}", hold.group, passed, partition);
    }
  }
  return text;
}

}  // namespace sdp::log
