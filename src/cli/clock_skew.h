#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "cli/checks.h"

namespace sdp::cli {

// Whether this machine's clock agrees with those of the servers. Pure.

/// From here on it is told: delays and ages that people read are off by as much.
inline constexpr std::chrono::seconds kSkewTold{5};
/// From here on S3 servers refuse each request, and Snowflake each login by a key.
inline constexpr std::chrono::minutes kSkewRefused{15};
/// Of a login by a key, which is valid for a minute.
inline constexpr std::chrono::seconds kSkewOfKeyRefused{60};

/// A server's clock, and ours at the same moment.
struct ClockReading {
  UtcMillis there;
  UtcMillis here;
  /// How far `there` may be from what the server's clock showed just then.
  std::chrono::milliseconds tolerance{0};
};

/// A server whose clock was read.
struct ClockOf {
  std::string_view server;
  std::chrono::milliseconds refused_from{kSkewRefused};
  std::string_view what_breaks;  ///< from there on, as a clause
};

/// `misconfigured` where the server refuses us because of it; a warning from kSkewTold on.
Result<Found> judge_clock(const ClockOf& clock, const ClockReading& reading);

/// Brokers tell no time of theirs. The newest record of a topic has the time at which a broker took it,
/// which cannot lie ahead of us. Nothing where it does not.
std::optional<Found> judge_newest_record(UtcMillis newest, UtcMillis here, bool is_append_time);

}  // namespace sdp::cli
