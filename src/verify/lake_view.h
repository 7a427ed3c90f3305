#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lake/chain.h"
#include "verify/ignored_objects.h"
#include "verify/object_scan.h"

namespace sdp::verify {

/// The objects of one chain in the order of their ranges.
struct LakeChain {
  std::vector<LakeObject*> objects;
  log::Offset end = 0;
};

/// Everything in a lake, or in several, read once. Objects stay where they are in memory until they join
/// others.
struct LakeView {
  std::deque<LakeObject> objects;
  std::map<lake::ChainId, LakeChain> chains;
  std::map<std::string, LakeObject*, std::less<>> by_key;
  std::vector<Interner> interners;  // by LakeObject::reader
  std::map<std::string, lake::Override, std::less<>> ignored;
  /// What is lost with objects that are ignored: neither the lake nor the log has it.
  std::vector<std::string> exceptions;

  std::uint64_t records() const;
  /// Takes what another lake has. `misconfigured` when both have records of one topic: which of them the
  /// warehouse shows cannot be told.
  Result<void> join(LakeView other);
  /// The line of an offset, and its object; nothing when the lake has none.
  struct Place {
    LakeObject* object = nullptr;
    LineFact* line = nullptr;
  };
  Place find(const lake::ChainId& chain, log::Offset offset);
};

/// What a listing of the lake names. Taken before the log is read, so that a living sink cannot put the lake
/// ahead of the log in verify's eyes.
struct LakeListing {
  std::vector<std::string> objects;  ///< without the ignored ones
  std::vector<IgnoredObject> ignored;
  std::vector<std::string> hours;  ///< markers and begins
  std::vector<lake::Gap> gaps;
  std::optional<lake::LakeLayout> layout;
  bool has_layout = false;  ///< there is one, readable or not
  lake::Places places;
  std::optional<lake::UpgradeRecord> upgrade;  ///< of a lake that had layout 1 before
};
Result<LakeListing> list_lake(store::ObjectStore& store, Findings& findings);

/// Reads and checks every object, several at a time, and that the ranges of each chain tile.
Result<void> read_lake(LakeView& view, const LakeListing& listing, store::ObjectStore& store,
                       const LogView& log, const mapping::Mapping* mapping, const VerifyLimits& limits,
                       RecordBudget& budget, Findings& findings);

}  // namespace sdp::verify
