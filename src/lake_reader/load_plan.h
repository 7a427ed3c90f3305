#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lake/hour_marker.h"
#include "lake/object_key.h"
#include "store/object_store.h"

namespace sdp::lake_reader {

/// Which hours of the lake are to be loaded; all that is there unless said otherwise.
struct HoursWanted {
  bool complete = false;           ///< only hours that are complete ...
  std::optional<lake::Hour> to{};  ///< ... and none behind this one
};

/// An object to load, as far as its name tells.
struct PlannedObject {
  std::string object_key;
  lake::ObjectKey place;
  std::uint64_t bytes = 0;  ///< as stored; 0 when a marker named it

  bool operator==(const PlannedObject&) const = default;
};

/// The objects of one partition of one topic id that the ledger does not have, in offset order.
struct PlannedChain {
  std::string topic_id_short;
  log::Partition partition = 0;
  std::vector<PlannedObject> objects;

  bool operator==(const PlannedChain&) const = default;
};

struct LoadPlan {
  std::vector<PlannedChain> chains;
  std::uint64_t loaded_already = 0;
  /// Of hours that are not complete, when only complete ones were wanted.
  std::uint64_t left_for_later = 0;
  /// Names below bronze/ that no sink wrote: left alone, but told.
  std::vector<std::string> foreign;

  bool operator==(const LoadPlan&) const = default;
};

/// How far chains may be loaded, by topic id (as in keys) and partition.
using LoadBounds = std::map<std::pair<std::string, log::Partition>, log::Offset>;

/// Leaves in the plan what starts below its chain's bound; chains without a bound are left out. The number of
/// objects that were left out.
std::uint64_t keep_below(LoadPlan& plan, const LoadBounds& bounds);

/// Pure; the order of the listing does not matter. Names that start with '_' below bronze/ are the lake's
/// own.
LoadPlan plan_load(std::span<const store::ListedObject> listing, const std::set<std::string>& loaded);

}  // namespace sdp::lake_reader
