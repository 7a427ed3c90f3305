#pragma once

#include <cstddef>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "cli/status_reader.h"
#include "serve/watched.h"

namespace sdp::cli {

/// Log, lake and publications for the pages that move. Nothing is written, no group is joined and no
/// warehouse is opened. What `sources` refers to outlives it. `value_bytes_max`: of the sink, which rejects
/// what is larger.
Result<std::unique_ptr<serve::Watched>> watch_pipeline(const StatusSources& sources,
                                                       std::size_t value_bytes_max, Clock& clock);

}  // namespace sdp::cli
