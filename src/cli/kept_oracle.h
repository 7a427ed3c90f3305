#pragma once

#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "base/result.h"
#include "os/new_file.h"
#include "simulate/oracle.h"
#include "simulate/oracle_run.h"
#include "simulate/simulate_runner.h"

namespace sdp::cli {

/// The oracle file of a simulation. There is none from before its first event until all events are in the
/// log: a simulation that ends otherwise leaves none.
class KeptOracle {
 public:
  explicit KeptOracle(std::filesystem::path path) : path_(std::move(path)) {}

  /// Goes on with the runs that the file tells of. `misconfigured` when there is none, when it cannot be gone
  /// on with, or when `spec` makes events that it tells of already.
  Result<void> go_on(const simulate::SimulationSpec& spec);
  /// What takes the events of a run.
  struct Logs {
    bool another = false;  ///< than took those of earlier runs
    bool by_type = false;  ///< one for each type of event
  };
  /// Before the first event of this run.
  Result<void> begin(const simulate::SimulationSpec& spec, Logs logs);
  /// All events of this run are in the log: writes the file.
  Result<void> finish(const simulate::SimulateSummary& summary);

  simulate::Oracle& oracle() { return oracle_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::optional<os::NewFile> file_;  ///< from begin() on
  simulate::Oracle oracle_;
  std::vector<simulate::OracleRun> runs_;
};

/// So that nobody takes it for one that tells of everything.
Result<void> remove_oracle(const std::filesystem::path& path);

}  // namespace sdp::cli
