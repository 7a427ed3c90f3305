#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "simulate/simulated_record.h"
#include "simulate/simulation_spec.h"

namespace sdp::simulate {

struct SimulateProgress {
  std::uint64_t produced = 0;
  std::uint64_t acked = 0;
  std::uint64_t failed = 0;
  std::chrono::milliseconds elapsed{0};
  /// Since the last report.
  double events_per_second = 0;
};

/// What the runner tells while it runs, on its thread. It prints nothing itself.
class SimulateObserver {
 public:
  virtual ~SimulateObserver() = default;

  /// A record was handed to the log. Only where each event is shown.
  virtual void on_record(const SimulatedRecord&) {}
  /// About once a second, and the final count at the end. Only where not each event is shown.
  virtual void on_progress(const SimulateProgress&) {}
  /// As often, however events are shown.
  virtual void stands(const SimulateProgress&) {}
};

/// Up to here a person can read along.
inline constexpr double kShownRateMax = 20;

/// Whether each event is worth a line: at a low rate, or when asked for.
bool shows_each_event(const SimulationSpec& spec, bool verbose);

/// `Produced event: pause - God's Plan by Drake (user 881dc191-47cf-4642-b4b2-9334c488cd67)`
/// A faulty record has the names of its classes behind that: ` [late, skew]`
std::string produced_line(const SimulatedRecord& record);

}  // namespace sdp::simulate
