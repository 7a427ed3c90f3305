#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "cli/standard_output.h"
#include "diag/progress.h"
#include "os/new_file.h"
#include "simulate/simulate_observer.h"

namespace sdp::cli {

/// Prints events one by one at low rates, and how far it is otherwise.
class SimulatePrinter final : public simulate::SimulateObserver {
 public:
  /// A quiet one prints no events. `total`: how many events there will be; 0 where there is no end.
  SimulatePrinter(bool quiet, std::uint64_t total, std::string_view of = "simulate")
      : quiet_(quiet), progress_(of, "events", total) {}

  void on_record(const simulate::SimulatedRecord& record) override {
    if (quiet_) return;
    print_out("{}\n", simulate::produced_line(record));
    flush_out();
  }
  void on_progress(const simulate::SimulateProgress& progress) override { progress_.set(progress.acked); }

 private:
  const bool quiet_;
  diag::Progress progress_;
};

/// How many records a simulation sends; 0 where nobody knows.
inline std::uint64_t records_to_come(const simulate::SimulationSpec& spec) {
  return spec.faults.rates.any() ? 0 : spec.events;
}

/// The side file with the labels of faulty records; nothing where the path is empty.
inline Result<std::optional<os::NewFile>> open_labels(const std::string& path) {
  if (path.empty()) return std::optional<os::NewFile>{};
  SDP_TRY(auto file, os::NewFile::open(path, 0644));
  return std::optional<os::NewFile>(std::move(file));
}

}  // namespace sdp::cli
