#include "simulate/realistic_source.h"

#include <limits>

#include "simulate/streams.h"

namespace sdp::simulate {

RealisticSource::RealisticSource(const SimulationSpec& spec)
    : SimulatedSource(spec),
      repertoire_{event::catalogue(spec.songs), Popularity(spec.songs, spec.popularity_exponent),
                  static_cast<double>(spec.session_gap.count())},
      identities_(listeners_rng(spec)),
      happenings_(happenings_rng(spec)),
      arrivals_(happenings_.fork(std::numeric_limits<std::uint64_t>::max())),
      users_(spec.users),
      next_arrival_(static_cast<double>(spec.start.time_since_epoch().count())) {}

void RealisticSource::produce(event::ListeningEvent& event) {
  while (next_one_joins()) join();
  const std::uint32_t number = turns_.top().listener;
  turns_.pop();
  Listener& listener = listeners_[number];
  listener.act(repertoire_, event);
  turns_.push({listener.due(), number});
}

bool RealisticSource::next_one_joins() const {
  if (listeners_.size() == users_) return false;
  return turns_.empty() || next_arrival_ <= static_cast<double>(turns_.top().due);
}

/// The first session of every listener but the very first comes after a wait of the same distribution as
/// between sessions. The gaps between such waits in order are exponential too (Renyi, 1953), which gives them
/// one by one.
void RealisticSource::join() {
  const auto number = static_cast<std::uint32_t>(listeners_.size());
  listeners_.emplace_back(repertoire_, identities_.fork(number), happenings_.fork(number),
                          static_cast<std::int64_t>(next_arrival_));
  turns_.push({listeners_.back().due(), number});
  if (listeners_.size() < users_) {
    const auto absent = static_cast<double>(users_ - listeners_.size());
    next_arrival_ += arrivals_.exponential(repertoire_.session_gap_ms / absent);
  }
}

}  // namespace sdp::simulate
