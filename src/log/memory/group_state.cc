#include "log/memory/group_state.h"

#include <algorithm>

#include "base/check.h"

namespace sdp::log {
namespace {

/// Partitions p for which `holds(p)`.
template <typename Holds>
std::vector<Partition> select(std::size_t partitions, Holds holds) {
  std::vector<Partition> selected;
  for (std::size_t p = 0; p < partitions; ++p) {
    if (holds(p)) selected.push_back(static_cast<Partition>(p));
  }
  return selected;
}

}  // namespace

GroupState::GroupState(Partition partitions)
    : owners_(static_cast<std::size_t>(partitions), kNobody), targets_(owners_) {}

void GroupState::join(MemberId member) {
  SDP_ASSERT(member != kNobody && std::ranges::find(members_, member) == members_.end());
  members_.push_back(member);
  share_out();
}

void GroupState::leave(MemberId member) {
  std::erase(members_, member);
  std::ranges::replace(owners_, member, kNobody);
  std::ranges::replace(targets_, member, kNobody);
  share_out();
}

std::size_t GroupState::load(MemberId member) const {
  return static_cast<std::size_t>(std::ranges::count(targets_, member));
}

void GroupState::share_out() {
  if (members_.empty()) return;
  const auto by_load = [this](MemberId member) { return load(member); };
  for (MemberId& target : targets_) {
    if (target == kNobody) target = *std::ranges::min_element(members_, {}, by_load);
  }
  for (;;) {
    const auto [least, most] = std::ranges::minmax_element(members_, {}, by_load);
    if (load(*most) <= load(*least) + 1) return;
    *std::ranges::find(targets_, *most) = *least;
  }
}

std::vector<Partition> GroupState::to_revoke(MemberId member) const {
  return select(owners_.size(), [&](std::size_t p) { return owners_[p] == member && targets_[p] != member; });
}

std::vector<Partition> GroupState::to_assign(MemberId member) const {
  return select(owners_.size(),
                [&](std::size_t p) { return owners_[p] == kNobody && targets_[p] == member; });
}

void GroupState::revoked(MemberId member, Partition partition) {
  MemberId& owner = owners_.at(static_cast<std::size_t>(partition));
  if (owner == member) owner = kNobody;
}

void GroupState::assigned(MemberId member, Partition partition) {
  MemberId& owner = owners_.at(static_cast<std::size_t>(partition));
  SDP_ASSERT(owner == kNobody);
  owner = member;
}

}  // namespace sdp::log
