#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "lake/object_key.h"
#include "store/object_store.h"

namespace sdp::load {

/// An object to load, as far as its name tells.
struct PlannedObject {
  std::string object_key;
  lake::ObjectKey place;
  std::uint64_t bytes = 0;  ///< as stored

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
  /// Names below bronze/ that no sink wrote: left alone, but told.
  std::vector<std::string> foreign;

  bool operator==(const LoadPlan&) const = default;
};

/// Pure; the order of the listing does not matter. Names that start with '_' below bronze/ are the lake's
/// own.
LoadPlan plan_load(std::span<const store::ListedObject> listing, const std::set<std::string>& loaded);

}  // namespace sdp::load
