#pragma once

#include "cli/standard_output.h"
#include "diag/log.h"
#include "simulate/simulate_observer.h"

namespace sdp::cli {

/// Prints events one by one at low rates, logs progress once a second otherwise.
class SimulatePrinter final : public simulate::SimulateObserver {
 public:
  /// A quiet one prints no events.
  explicit SimulatePrinter(bool quiet) : quiet_(quiet) {}

  void on_event(const event::ListeningEvent& event) override {
    if (quiet_) return;
    print_out("{}\n", simulate::produced_line(event));
    flush_out();
  }
  void on_progress(const simulate::SimulateProgress& progress) override {
    diag::log_event("simulate.progress", {{"produced", progress.produced},
                                          {"acked", progress.acked},
                                          {"failed", progress.failed},
                                          {"per_second", progress.events_per_second}});
  }

 private:
  const bool quiet_;
};

}  // namespace sdp::cli
