#pragma once

#include <string_view>

#include "base/result.h"
#include "lake/chain.h"
#include "log/event_log.h"
#include "store/object_store.h"

namespace sdp::sink {

enum class GapPolicy { stop, record };

/// Where to start reading a partition whose chain ends at `chain_end` and whose log holds `available`: the
/// chain end, unless the log no longer has it. Then an acknowledged gap lets the sink go on; otherwise
/// `data_gap` names the offsets, or, with GapPolicy::record, the gap is recorded create-only in the lake
/// first.
Result<log::Offset> start_offset(store::ObjectStore& store, const lake::ChainId& chain,
                                 std::string_view topic, log::Offset chain_end,
                                 const log::Watermarks& available, GapPolicy policy);

}  // namespace sdp::sink
