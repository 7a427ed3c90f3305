#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "log/topic.h"

namespace sdp::log {

using MemberId = std::int64_t;
inline constexpr MemberId kNobody = -1;

/// Who owns which partition of a consumer group, and who should. Pure.
/// Members share partitions evenly; when membership changes, as few as possible move, and one moves only
/// after its owner has revoked it: between two owners a partition is nobody's.
class GroupState {
 public:
  explicit GroupState(Partition partitions);

  void join(MemberId member);
  /// What the member owned is free at once.
  void leave(MemberId member);

  /// What the member owns and should not.
  std::vector<Partition> to_revoke(MemberId member) const;
  /// What the member should own and nobody does.
  std::vector<Partition> to_assign(MemberId member) const;
  void revoked(MemberId member, Partition partition);
  void assigned(MemberId member, Partition partition);
  MemberId owner(Partition partition) const { return owners_.at(static_cast<std::size_t>(partition)); }
  const std::vector<MemberId>& members() const { return members_; }

 private:
  std::size_t load(MemberId member) const;
  void share_out();

  std::vector<MemberId> members_;
  std::vector<MemberId> owners_;
  std::vector<MemberId> targets_;
};

}  // namespace sdp::log
