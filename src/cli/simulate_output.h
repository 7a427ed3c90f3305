#pragma once

#include <fmt/core.h>

#include <cstdio>

#include "cli/output.h"
#include "simulate/simulate_observer.h"

namespace sdp::cli {

/// Prints events one by one at low rates, a line of progress a second otherwise.
class SimulatePrinter final : public simulate::SimulateObserver {
 public:
  void on_event(const event::ListeningEvent& event) override {
    fmt::print("{}\n", simulate::produced_line(event));
    std::fflush(stdout);
  }
  void on_progress(const simulate::SimulateProgress& progress) override {
    fmt::print(stderr, "simulate: {} events produced, {} acked, {} failed, {:.0f} events/s\n",
               with_commas(progress.produced), with_commas(progress.acked), with_commas(progress.failed),
               progress.events_per_second);
  }
};

}  // namespace sdp::cli
