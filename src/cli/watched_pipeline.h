#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "cli/status_reader.h"
#include "lake/line.h"
#include "mapping/mapping.h"
#include "serve/watched.h"

namespace sdp::cli {

/// By what records are judged that pages show: as sink and silver will.
struct Judging {
  std::size_t value_bytes_max = lake::kValueBytesMaxDefault;  ///< of the sink, which rejects what is larger
  std::optional<mapping::Mapping> mapping{};                  ///< nothing where records are events
};

/// Log, lake and publications for the pages that move. Nothing is written, no group is joined and no
/// warehouse is opened. What `sources` refers to outlives it.
Result<std::unique_ptr<serve::Watched>> watch_pipeline(const StatusSources& sources, Judging judging,
                                                       Clock& clock);

}  // namespace sdp::cli
