#pragma once

#include <chrono>

#include "base/result.h"
#include "lake/compression.h"
#include "lake_reader/lake_reader.h"
#include "log/event_log.h"

namespace sdp::lake_reader {

/// Goes along a chain from one of its points to its end: the log's record at the point names the next object,
/// which tells where it ends. Where the log starts above the point it cannot tell; then a listing takes its
/// place. `available`: what the log of the partition has. Errors are the store's and the log's.
Result<ChainPoint> walk_to_end(log::Reader& reader, const LakeReader& lake, const lake::ChainId& chain,
                               lake::Compression compression, ChainPoint from,
                               const log::Watermarks& available, std::chrono::milliseconds timeout);

}  // namespace sdp::lake_reader
