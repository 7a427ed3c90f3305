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

/// The generator of which records are faulty, as that of what happens.
inline Rng faults_rng(const SimulationSpec& spec) {
  return Rng(spec.seed)
      .fork(0x6661756c74)
      .fork(static_cast<std::uint64_t>(spec.start.time_since_epoch().count()));
}

/// The generator of what is wrong with a listener's device. Depends on the seed alone, as the listener does.
inline Rng devices_rng(const SimulationSpec& spec) {
  return Rng(spec.seed).fork(0x646576696365);
}

}  // namespace sdp::simulate
