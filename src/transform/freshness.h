#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "transform/transform.h"

namespace sdp::transform {

/// By the limits that the project declares (spotify_dbt/models/sources.yml). `empty`: no row has a time.
enum class Freshness { fresh, late, stale, empty };

/// How old the newest row of a source is.
struct SourceFreshness {
  std::string source;  ///< `bronze.load_ledger`
  Freshness state = Freshness::empty;
  std::optional<std::string> newest;  ///< ISO 8601, UTC
  std::optional<std::int64_t> age_s;  ///< negative where a clock is ahead
  std::optional<std::int64_t> late_after_s;
  std::optional<std::int64_t> stale_after_s;
};

/// Reads dbt's sources.json. `bad_input` when it is none, `fatal` when dbt could not ask a source.
Result<std::vector<SourceFreshness>> parse_sources(std::string_view json);

/// `fresh`, `late`, `stale` or `empty`.
std::string_view to_string(Freshness state);

/// Has dbt measure all sources that declare a freshness (`dbt source freshness`). Changes nothing in the
/// warehouse, but dbt opens a DuckDB file for writing. Errors as those of run(); `fatal` also when the
/// project declares none.
Result<std::vector<SourceFreshness>> measure_freshness(const TransformOptions& options,
                                                       std::stop_token stop = {});

}  // namespace sdp::transform
