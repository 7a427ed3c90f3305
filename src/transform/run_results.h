#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sdp::transform {

/// A model, test or hook that did not pass.
struct Failure {
  std::string node;  ///< `top_songs`, `unique_top_songs_song_id`, `spotify_dbt-on-run-end-0`
  bool is_test = false;
  bool is_hook = false;  ///< runs before or after all models and tests
  bool is_warning = false;
  std::string message;
  /// How many rows the test found.
  std::optional<std::uint64_t> rows;
};

/// What one `dbt build` did.
struct TransformSummary {
  std::uint64_t models_ok = 0;
  std::uint64_t tests_passed = 0;
  std::uint64_t warned = 0;
  std::uint64_t failed = 0;
  std::uint64_t skipped = 0;
  /// From start to end, dbt's own start-up included.
  double seconds = 0;
  std::vector<Failure> failures;
};

/// Reads dbt's run_results.json. `bad_input` when it is none.
Result<TransformSummary> parse_run_results(std::string_view json);

/// `6 models, 21 tests passed, 0 failed in 7.4 s`, with what is not zero besides.
std::string to_string(const TransformSummary& summary);
/// `test unique_x failed: 3 rows (message)`
std::string to_string(const Failure& failure);

}  // namespace sdp::transform
