#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "log/event_log.h"
#include "log/memory/group_state.h"

namespace sdp::log {

/// A group without which nothing is dropped. It has passed a record when
/// - consumed: a poll() of a member that was handed the record has returned. Enough for a group whose one
/// member lives
///   as long as the log: what dies with it dies with the log too;
/// - committed: it committed an offset behind the record. For groups whose partitions move between members.
/// Until the group first does so it has passed nothing, whether it has members yet or not.
struct RetentionHold {
  enum class Until { consumed, committed };

  std::string group;
  Until until = Until::consumed;
};

/// The consumer groups of one topic: members, positions, and how far all holding groups are. Thread-safe.
class Groups {
 public:
  Groups(Partition partitions, std::vector<RetentionHold> holds);

  MemberId join(const std::string& group);
  void leave(const std::string& group, MemberId member);
  std::vector<Partition> to_revoke(const std::string& group, MemberId member) const;
  /// Makes the member owner of what it should have and nobody owns.
  std::vector<Partition> claim(const std::string& group, MemberId member);
  void release(const std::string& group, MemberId member, std::span<const Partition> partitions);
  /// Moves whenever a membership or an owner changes: a member that saw it before has nothing to ask.
  std::uint64_t version() const { return version_; }

  void commit(const std::string& group, std::span<const PartitionOffset> positions);
  void consumed(const std::string& group, std::span<const PartitionOffset> positions);
  std::vector<std::optional<Offset>> committed(std::string_view group) const;
  std::size_t members(std::string_view group) const;

  /// Every holding group has passed the records below.
  Offset passed(Partition partition) const;
  /// Names the holding group that is least far and where; for error texts.
  std::string slowest() const;

 private:
  struct Group {
    GroupState state;
    std::vector<std::optional<Offset>> committed;
    std::vector<std::optional<Offset>> consumed;
  };

  Group& group_of(const std::string& name);
  Offset passed_by(const RetentionHold& hold, Partition partition) const;

  const Partition partitions_;
  const std::vector<RetentionHold> holds_;
  std::atomic<std::uint64_t> version_ = 1;
  mutable std::mutex mutex_;
  std::map<std::string, Group, std::less<>> groups_;
  MemberId next_member_ = 0;
};

}  // namespace sdp::log
