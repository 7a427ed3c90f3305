#pragma once

#include <chrono>
#include <optional>

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

/// What the log has behind the end of a chain.
struct Waiting {
  log::Offset offsets = 0;          ///< as lag_of() says
  log::Offset deleted = 0;          ///< of these, what the log no longer has
  std::optional<UtcMillis> oldest;  ///< time of the first record that the log still has and the lake has not
};

/// The same as lag_of(), with the time of the record that has waited longest.
Result<Waiting> waiting_behind(log::Reader& reader, const LakeReader& lake, const lake::ChainId& chain,
                               log::Offset chain_end, const log::Watermarks& available,
                               std::chrono::milliseconds timeout);

}  // namespace sdp::lake_reader
