#pragma once

#include <chrono>
#include <optional>

#include "base/result.h"

namespace sdp::cli {

// The decisions of the live loop. Pure.

/// How long the loop rests after a round that took `cost`: as long again, within 1 s and 1 min, but no longer
/// than a quarter of what the cheapest round so far took that built marts. Without one, and after a round
/// that failed, `cheapest` is nothing.
std::chrono::milliseconds rest_after(std::chrono::milliseconds cost,
                                     std::optional<std::chrono::milliseconds> cheapest);

/// What follows a round that failed.
enum class AfterFailure {
  again,  ///< the next round may do better
  end,    ///< another round would fail in the same way, or too many have failed one after another
};

/// Rounds that may fail one after another before the loop gives up.
inline constexpr int kFailedRoundsMax = 5;

/// `failed` counts this one, too.
AfterFailure after_failure(ErrorKind kind, int failed);

}  // namespace sdp::cli
