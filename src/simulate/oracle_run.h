#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "simulate/oracle.h"
#include "simulate/simulation_spec.h"

namespace sdp::simulate {

/// A simulation that an oracle was told of: all that it takes to tell it again.
struct OracleRun {
  SimulationSpec spec;
  std::uint64_t records = 0;  ///< so many the log took
  bool another_log = false;   ///< than that of the run before
  /// As SimulateSummary has them.
  std::optional<std::uint64_t> stopped_after = {};
  bool steered = false;
  bool topic_by_type = false;  ///< each type of event had a topic of its own
  std::uint64_t digest = 0;    ///< Oracle::digest() at its end
};

/// `{"mix":"realistic","seed":1,...}`
std::string to_json(const OracleRun& run);

/// The runs that an oracle file names (docs/formats/oracle.md). `misconfigured` names the line that is not as
/// it must be; `file` is the file's name.
Result<std::vector<OracleRun>> read_oracle_runs(std::istream& text, std::string_view file);

/// Whether both make the same events, at least in part: mix, seed and start decide.
bool has_same_events(const SimulationSpec& one, const SimulationSpec& other);

/// Simulates a run again, for the oracle alone. `misconfigured` when other events came of it than then, or
/// when nobody can, because it was steered.
Result<void> tell_again(const OracleRun& run, Oracle& oracle);

}  // namespace sdp::simulate
