#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lake/object_meta.h"
#include "lake/override.h"
#include "store/object_store.h"
#include "verify/findings.h"

namespace sdp::verify {

struct LakeListing;
struct LakeView;

/// An object that an override ignores, and what it says of itself, where that can be read.
struct IgnoredObject {
  lake::Override override;
  std::optional<lake::ObjectMeta> meta{};
};

/// Reads an override and compares it with its object, which leaves `listing.objects`.
Result<void> read_override(LakeListing& listing, const std::string& key, store::ObjectStore& store,
                           Findings& findings);

/// Where chains go on because of overrides, compared with the objects that are there. Every ignored object is
/// noted by name.
void check_overrides(const LakeView& view, const LakeListing& listing, Findings& findings);

}  // namespace sdp::verify
