#pragma once

#include "base/result.h"
#include "lake/layout.h"
#include "store/object_store.h"

namespace sdp::sink {

/// Lays down `wanted` as the lake's layout when it has none, or checks that it is the lake's. `misconfigured`
/// names what differs: two layouts would give one place two names, and so two objects.
Result<void> agree_on_layout(store::ObjectStore& store, const lake::LakeLayout& wanted);

}  // namespace sdp::sink
