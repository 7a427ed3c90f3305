#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/object_meta.h"
#include "sink/hour_plan.h"
#include "store/object_store.h"

namespace sdp::sink {

/// What a lake tells about the hours of chains. Reads only; errors are the store's, or `bad_input` and
/// `fatal` that name an object.
class HourListing {
 public:
  /// The store outlives this.
  explicit HourListing(store::ObjectStore& store) : store_(store) {}

  /// The chain's open hour: behind its newest marker, or its begin. Nothing when it has no begin.
  Result<std::optional<OpenHour>> find_open(const lake::ChainId& chain);
  /// The first hour with an object of the chain.
  Result<std::optional<lake::Hour>> first_hour(const lake::ChainId& chain);
  /// The first hour, not before `at_least`, that cannot have been complete without a partition that has no
  /// marker yet. Looks at 48 hours at most.
  Result<lake::Hour> hour_behind_others(const lake::ChainId& chain, lake::Hour at_least);
  /// The chain's objects in the folders from `from` on, up to the first folder behind `through` that has one.
  Result<std::vector<HourObject>> objects(const lake::ChainId& chain, lake::Hour from, lake::Hour through);
  Result<lake::ObjectMeta> meta(const std::string& key);

 private:
  store::ObjectStore& store_;
};

}  // namespace sdp::sink
