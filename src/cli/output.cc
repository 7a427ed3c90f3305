#include "cli/output.h"

#include <fmt/format.h>

namespace sdp::cli {

double per_second(std::uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

std::string rate(std::uint64_t count, double seconds) {
  if (seconds <= 0) return "-";
  const double value = per_second(count, seconds);
  if (value >= 1e6) return fmt::format("{:.2f} M/s", value / 1e6);
  if (value >= 1e3) return fmt::format("{:.0f} k/s", value / 1e3);
  return fmt::format("{:.1f}/s", value);
}

}  // namespace sdp::cli
