#include "cli/clock_skew.h"

#include <fmt/format.h>

#include "base/duration_text.h"

namespace sdp::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kWhatIsOff =
    "times and delays in status, top and the pages are off by that; set it by NTP";

/// `12.3 s ahead of`, seen from here.
std::string offset(milliseconds ahead) {
  return fmt::format("{:.1f} s {}", base::in_seconds(std::chrono::abs(ahead)),
                     ahead.count() < 0 ? "behind" : "ahead of");
}

}  // namespace

Result<Found> judge_clock(const ClockOf& clock, const ClockReading& reading) {
  const milliseconds ahead = reading.here - reading.there;
  const milliseconds size = std::chrono::abs(ahead);
  // Only what is certain is told.
  const milliseconds certain = size > reading.tolerance ? size - reading.tolerance : milliseconds(0);
  if (certain >= clock.refused_from) {
    return fail(ErrorKind::misconfigured,
                fmt::format("this machine's clock is {} that of {}: {}; set it by NTP", offset(ahead),
                            clock.server, clock.what_breaks));
  }
  if (certain >= kSkewTold) {
    return Found{.text = fmt::format("this machine's clock is {} that of {}: {}", offset(ahead), clock.server,
                                     kWhatIsOff),
                 .is_warning = true};
  }
  return Found{
      .text = fmt::format("within {:.1f} s of {}", base::in_seconds(size + reading.tolerance), clock.server)};
}

std::optional<Found> judge_newest_record(UtcMillis newest, UtcMillis here, bool is_append_time) {
  if (newest - here < kSkewTold) return std::nullopt;
  const double seconds = base::in_seconds(newest - here);
  return Found{
      .text =
          is_append_time
              ? fmt::format("its newest record was taken {:.1f} s ahead of this machine's clock: that clock "
                            "or the broker's is wrong, and {}",
                            seconds, kWhatIsOff)
              : fmt::format("its newest record has a time {:.1f} s ahead of this machine's clock: a "
                            "producer's clock or this one is wrong; objects are filed by the producers' "
                            "times, and hours are closed by a sink's clock",
                            seconds),
      .is_warning = true};
}

}  // namespace sdp::cli
