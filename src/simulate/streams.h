#pragma once

#include "base/rng.h"
#include "simulate/simulation_spec.h"

namespace sdp::simulate {

/// The generator of who listeners are. Independent of the start, so that they come back in a later run.
inline Rng listeners_rng(const SimulationSpec& spec) {
  return Rng(spec.seed).fork(0x6c697374656e6572);
}

/// The generator of what happens in a run. Depends on the start, so that no event comes twice.
inline Rng happenings_rng(const SimulationSpec& spec) {
  return Rng(spec.seed)
      .fork(0x68617070656e)
      .fork(static_cast<std::uint64_t>(spec.start.time_since_epoch().count()));
}

}  // namespace sdp::simulate
