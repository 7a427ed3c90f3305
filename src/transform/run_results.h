#pragma once

#include <cstddef>
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

/// How one model, snapshot, test or hook ended.
struct NodeResult {
  std::string name;    ///< as Failure::node
  std::string kind;    ///< `model`, `snapshot`, `test`, `operation`: what the unique id begins with
  std::string status;  ///< dbt's word: `success`, `pass`, `warn`, `fail`, `error`, `skipped`
  std::string message;
  std::optional<std::uint64_t> failures;  ///< rows that a test found
  std::string started_at;                 ///< ISO 8601, UTC; empty when it did not run
  double seconds = 0;
};

struct BuildResults {
  std::string started_at;  ///< of the whole build, ISO 8601, UTC
  double seconds = 0;
  std::vector<NodeResult> nodes;  ///< in the order in which they ended
};

/// Reads dbt's run_results.json. `bad_input` when it is none.
Result<TransformSummary> parse_run_results(std::string_view json);
/// The same file, node by node. At most kNodesMax of them.
Result<BuildResults> parse_node_results(std::string_view json);
inline constexpr std::size_t kNodesMax = 5'000;

/// `6 models, 21 tests passed, 0 failed in 7.4 s`, with what is not zero besides.
std::string to_string(const TransformSummary& summary);
/// `test unique_x failed on 3 rows (message)`
std::string to_string(const Failure& failure);

}  // namespace sdp::transform
