#pragma once

#include <chrono>

#include "base/result.h"
#include "lake/offset_range.h"
#include "lake_reader/lake_reader.h"
#include "log/event_log.h"

namespace sdp::lake_reader {

/// How many offsets a chain, which ends at `chain_end`, is behind its log: 0 when the log has no record
/// between the chain's end, or the acknowledged gap there, and `available.end`. Control records and records
/// of aborted transactions do not count, and only a reader of the log can tell; so it is read up to the
/// next record, for `timeout` at most. What the log has deleted below `available.start` unread counts.
Result<log::Offset> lag_of(log::EventLog& log, const LakeReader& lake, const lake::ChainId& chain,
                           log::Offset chain_end, const log::Watermarks& available,
                           std::chrono::milliseconds timeout);

}  // namespace sdp::lake_reader
