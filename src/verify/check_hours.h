#pragma once

#include "verify/findings.h"
#include "verify/lake_view.h"
#include "verify/limits.h"

namespace sdp::verify {

/// Compares hour markers and begins (docs/formats/hour-marker.md), whose keys were listed before the objects,
/// with the objects and the log: the hours of a chain have no hole, each has exactly the objects that it was
/// closed with, and the topic had as many partitions as its marker says. An hour that other partitions have
/// closed long ago is pending.
Result<void> check_hours(const LakeView& view, const LakeListing& listing, const LogView& log,
                         store::ObjectStore& store, const VerifyLimits& limits, Findings& findings);

}  // namespace sdp::verify
