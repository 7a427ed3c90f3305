#pragma once

#include <span>
#include <string>

#include "verify/findings.h"
#include "verify/lake_view.h"
#include "verify/limits.h"

namespace sdp::verify {

/// Holds hour markers and begins (docs/formats/hour-marker.md), whose keys were listed before the objects,
/// against the objects: the hours of a chain have no hole, and each has exactly the objects that it was
/// closed with.
Result<void> check_hours(const LakeView& view, std::span<const std::string> keys, store::ObjectStore& store,
                         const VerifyLimits& limits, Findings& findings);

}  // namespace sdp::verify
