#pragma once

#include <chrono>
#include <optional>

#include "base/result.h"

namespace sdp::cli {

// The decisions of the live loop. Pure.

/// How long the loop rests after a round that took `cost`: as long again, within 1 s and 1 min, but no longer
/// than a quarter of what the cheapest round so far took that built marts. Without one, and after a round
/// that failed, `cheapest` is nothing. No sooner than `every` after the begin of that round.
std::chrono::milliseconds rest_after(std::chrono::milliseconds cost,
                                     std::optional<std::chrono::milliseconds> cheapest,
                                     std::chrono::milliseconds every = {});

/// What follows a round that did not end well.
enum class AfterFailure {
  again,  ///< the next round may do better
  wait,   ///< another process has what the round needs; the round did not fail
  end,    ///< another round would fail in the same way, or too many have failed one after another
};

/// Rounds that may fail one after another before the loop gives up.
inline constexpr int kFailedRoundsMax = 5;
/// How long the loop waits for another process, such as a proof that reads the whole warehouse.
inline constexpr std::chrono::milliseconds kHeldMax{1'800'000};
/// Between two looks whether the other process has gone.
inline constexpr std::chrono::milliseconds kHeldRest{2'000};

/// `failed` counts this one, too. `held`: for how long other processes have been in the way.
AfterFailure after_failure(ErrorKind kind, int failed, std::chrono::milliseconds held);

}  // namespace sdp::cli
