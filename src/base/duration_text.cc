#include "base/duration_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace sdp::base {

std::string duration_text(std::chrono::milliseconds duration) {
  const auto ms = duration.count();
  if (ms < 1'000) return fmt::format("{} ms", std::max<std::int64_t>(ms, 0));
  const auto seconds = ms / 1'000;
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7'200) return fmt::format("{} min", seconds / 60);
  if (seconds < 172'800) return fmt::format("{} h", seconds / 3'600);
  return fmt::format("{} d", seconds / 86'400);
}

}  // namespace sdp::base
