#include "simulate/simulate_observer.h"

#include <fmt/core.h>

namespace sdp::simulate {

bool shows_each_event(const SimulationSpec& spec, bool verbose) {
  return verbose || (spec.rate > 0 && spec.rate <= kShownRateMax);
}

std::string produced_line(const SimulatedRecord& record) {
  const event::ListeningEvent& event = record.event;
  std::string line = fmt::format("Produced event: {} - {} by {} (user {})", name(event.event_type),
                                 event.song_name, event.artist_name, record.key);
  for (const Fault fault : record.faults)
    line += fmt::format("{}{}", fault == record.faults.front() ? " [" : ", ", class_of(fault).name);
  if (!record.faults.empty()) line += "]";
  return line;
}

}  // namespace sdp::simulate
