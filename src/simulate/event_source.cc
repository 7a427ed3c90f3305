#include "simulate/event_source.h"

#include <limits>

#include "simulate/listeners_source.h"
#include "simulate/realistic_source.h"
#include "simulate/seed_source.h"

namespace sdp::simulate {

SimulatedSource::SimulatedSource(const SimulationSpec& spec)
    : events_left_(spec.events > 0 ? spec.events : std::numeric_limits<std::uint64_t>::max()),
      end_(end_time(spec)) {}

bool SimulatedSource::next(event::ListeningEvent& event) {
  if (events_left_ == 0) return false;
  produce(event);
  if (event.timestamp >= end_) {
    events_left_ = 0;
    return false;
  }
  --events_left_;
  return true;
}

Result<std::unique_ptr<EventSource>> open_source(const SimulationSpec& spec) {
  SDP_TRY(const auto whole, checked(spec));
  if (whole.profile == Profile::seed) return std::make_unique<SeedSource>(whole);
  if (whole.profile == Profile::realistic) return std::make_unique<RealisticSource>(whole);
  return std::make_unique<ListenersSource>(whole);
}

}  // namespace sdp::simulate
