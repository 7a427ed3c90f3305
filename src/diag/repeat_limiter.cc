#include "diag/repeat_limiter.h"

namespace sdp::diag {

bool RepeatLimiter::admit(const RepeatKey& key, std::chrono::milliseconds window, SteadyTime now) {
  if (const auto at = windows_.find(key); at != windows_.end()) {
    ++at->second.repeats;
    return false;
  }
  // With too many keys at once, lines of the others are not limited.
  if (windows_.size() < kKeysMax) windows_.emplace(key, Window{now + window});
  return true;
}

std::vector<Repeats> RepeatLimiter::take_expired(SteadyTime now) {
  std::vector<Repeats> expired;
  std::erase_if(windows_, [&](const auto& entry) {
    const auto& [key, window] = entry;
    if (window.end > now) return false;
    if (window.repeats > 0) expired.push_back({key, window.repeats});
    return true;
  });
  return expired;
}

}  // namespace sdp::diag
