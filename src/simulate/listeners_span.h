#pragma once

#include "simulate/simulation_spec.h"

namespace sdp::simulate {

/// ending_at() of profile listeners: what sessions are like is tried out, and when they begin is known by the
/// hour. The spec's users are filled in.
SimulationSpec listeners_ending_at(SimulationSpec spec, UtcMillis now, std::uint32_t days);

}  // namespace sdp::simulate
