#include "simulate/pacer.h"

#include <algorithm>

namespace sdp::simulate {

SteadyTime Pacer::due(std::uint64_t produced, UtcMillis timestamp) const {
  const double by_rate = rate_ > 0 ? static_cast<double>(produced - first_) / rate_ : 0;
  const double event_seconds = static_cast<double>((timestamp - from_).count()) / 1'000;
  const double by_event_time = speed_ > 0 ? event_seconds / speed_ : 0;
  const std::chrono::duration<double> wait(std::max(by_rate, by_event_time));
  return start_ + std::chrono::duration_cast<SteadyTime::duration>(wait);
}

}  // namespace sdp::simulate
