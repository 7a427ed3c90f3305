#pragma once

#include "base/clock.h"
#include "metrics/health.h"
#include "metrics/registry.h"
#include "simulate/simulate_observer.h"

namespace sdp::cli {

/// Counts what a simulation sends, keeps its health where somebody asks for it, and tells the next observer.
/// Owned by the simulation's thread; whoever reads the registry and the health may be another one.
class SimulateMeter final : public simulate::SimulateObserver {
 public:
  /// All of them outlive this. The log answers: the topic was just opened. `health`: null where nobody asks.
  SimulateMeter(metrics::Registry& registry, metrics::Health* health, Clock& clock,
                simulate::SimulateObserver& next);

  void on_record(const simulate::SimulatedRecord& record) override { next_.on_record(record); }
  void on_progress(const simulate::SimulateProgress& progress) override { next_.on_progress(progress); }
  void stands(const simulate::SimulateProgress& progress) override;

 private:
  metrics::Health* const health_;
  Clock& clock_;
  simulate::SimulateObserver& next_;
  prometheus::Counter& records_;
  prometheus::Counter& acked_;
  prometheus::Counter& failed_;
  simulate::SimulateProgress told_;
  SteadyTime answered_at_;  ///< the log took a record, or had none to take
};

}  // namespace sdp::cli
