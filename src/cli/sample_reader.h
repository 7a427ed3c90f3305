#pragma once

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <vector>

#include "base/result.h"
#include "cli/sample.h"
#include "log/event_log.h"
#include "store/object_store.h"

namespace sdp::cli {

/// Of all records of a sample.
inline constexpr std::size_t kSampleBytesMax = std::size_t{16} << 20;

// The newest `count` records, the newest last; fewer where there are fewer, or where they have more than
// kSampleBytesMax. Nothing is written, no group is joined. `bad_input` when there is none, `interrupted` when
// the command was to stop.

Result<std::vector<SampleRecord>> newest_of_log(log::EventLog& log, std::size_t count,
                                                std::chrono::milliseconds timeout,
                                                const std::stop_token& stop);
/// As `tap lake` shows them: what `lake repair` has put aside is left out.
Result<std::vector<SampleRecord>> newest_of_lake(store::ObjectStore& store, std::size_t count,
                                                 const std::stop_token& stop);

}  // namespace sdp::cli
