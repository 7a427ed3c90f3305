#pragma once

#include <string_view>

#include "base/result.h"
#include "lake/chain.h"
#include "lake_reader/lake_reader.h"
#include "log/event_log.h"
#include "store/object_store.h"

namespace sdp::sink {

enum class GapPolicy { stop, record };

/// Where to start reading a partition whose chain ends at `chain_end` and whose log holds `available`:
///   1. A log that ends before the chain has lost what it had acknowledged: `data_gap`, and nothing is
///      written.
///   2. The log still has the chain's end: that is the start.
///   3. Otherwise gaps that were acknowledged are skipped; when the log has what follows them, that is the
///      start.
///   4. What is missing then is lost: `data_gap` names the offsets. With GapPolicy::record they are recorded
///      by a create-only put instead. Durable: the gap; the start is where the log begins.
///   5. When somebody else recorded a gap at this place first, begin again with 3: theirs may be shorter. A
///      record that has the place and tells of something else is `bad_input`.
Result<log::Offset> start_offset(store::ObjectStore& store, const lake_reader::LakeReader& lake,
                                 const lake::ChainId& chain, std::string_view topic, log::Offset chain_end,
                                 const log::Watermarks& available, GapPolicy policy);

}  // namespace sdp::sink
