#pragma once

#include <cstdint>

#include "base/clock.h"
#include "simulate/simulation_spec.h"

namespace sdp::simulate {

/// When each event is to be sent. Pure: the caller waits. The schedule is fixed at the start, so an event
/// that was held up does not slow the rest: they catch up.
class Pacer {
 public:
  Pacer(const SimulationSpec& spec, SteadyTime start) : Pacer(spec, start, 0, spec.start) {}
  /// A schedule that begins at `start` with event number `first`, whose event time is `from`.
  Pacer(const SimulationSpec& spec, SteadyTime start, std::uint64_t first, UtcMillis from)
      : rate_(spec.rate), speed_(spec.speed), first_(first), from_(from), start_(start) {}

  bool paced() const { return rate_ > 0 || speed_ > 0; }
  /// The time of event number `produced` (from 0) with this timestamp: by the rate, by its event time, or the
  /// later.
  SteadyTime due(std::uint64_t produced, UtcMillis timestamp) const;

 private:
  double rate_;
  double speed_;
  std::uint64_t first_;
  UtcMillis from_;
  SteadyTime start_;
};

}  // namespace sdp::simulate
