#include "base/retry.h"

#include <algorithm>
#include <cstdint>

namespace sdp::base {

std::optional<std::chrono::milliseconds> Backoff::next_delay(SteadyTime now) {
  if (attempts_ >= policy_.attempts_max) return std::nullopt;
  const std::int64_t doubled = policy_.delay_first.count() << std::min(attempts_ - 1, 20);
  const auto ceiling = std::min(policy_.delay_max, std::chrono::milliseconds(doubled));
  const auto half = ceiling.count() / 2;
  const std::chrono::milliseconds delay{
      half + static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(half) + 1))};
  if (now + delay - start_ > policy_.total_max) return std::nullopt;
  ++attempts_;
  return delay;
}

}  // namespace sdp::base
