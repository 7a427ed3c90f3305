#include "simulate/simulate_observer.h"

#include <fmt/core.h>

namespace sdp::simulate {

bool shows_each_event(const SimulationSpec& spec, bool verbose) {
  return verbose || (spec.rate > 0 && spec.rate <= kShownRateMax);
}

std::string produced_line(const event::ListeningEvent& event) {
  return fmt::format("Produced event: {} - {} by {} (user {})", name(event.event_type), event.song_name,
                     event.artist_name, base::to_string(event.user_id));
}

}  // namespace sdp::simulate
