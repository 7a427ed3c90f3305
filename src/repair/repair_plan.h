#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/chain.h"
#include "lake/object_key.h"
#include "lake/object_meta.h"
#include "lake/offset_range.h"

namespace sdp::repair {

/// What is known of an object that is to be ignored, and of its chain.
struct RepairFacts {
  std::string object_key;
  lake::ObjectKey place;                 ///< what the key says
  std::optional<lake::ObjectMeta> meta;  ///< nothing when it cannot be read
  /// The other objects of the chain, without those that are ignored already, that could have offsets of this
  /// one, and the first one behind it.
  std::vector<lake::Link> others;
  /// Behind the last line of its body; looked for where neither its metadata nor another object tells.
  std::optional<log::Offset> lines_end;
  log::Offset closed_to = 0;  ///< where the chain's last closed hour ends
};

/// What ignoring the object means.
struct RepairPlan {
  lake::OffsetRange range;  ///< of the object
  log::Offset next = 0;     ///< as in lake::Override
  /// What no other object has, and no sink will fetch.
  std::vector<lake::OffsetRange> missing;
  /// What sinks fetch from the log, since the chain ends before it.
  std::optional<lake::OffsetRange> fetched;
  /// The chain has ended behind this object, and will end before it: no sink may run.
  bool moves_end = false;
  std::vector<lake::Link> covering;  ///< the objects that have offsets of it, too

  bool operator==(const RepairPlan&) const = default;
};

/// Pure. The object keeps its place, and what it alone has is missing permanently: the name of its place is
/// taken, sinks go on at the end of a chain and never fill a hole, and closed hours never change. Only where
/// the chain can go on from another object does it end there again: when nothing starts behind this object,
/// another one has its first offset, and no closed hour reaches behind that one's end.
/// `misconfigured` when nothing tells where the object ends.
Result<RepairPlan> plan_repair(const RepairFacts& facts);

}  // namespace sdp::repair
