#include "cli/live_rules.h"

#include <algorithm>

namespace sdp::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRestMin{1'000};
constexpr milliseconds kRestMax{60'000};
// Of the cheapest round.
constexpr int kRestParts = 4;

}  // namespace

milliseconds rest_after(milliseconds cost, std::optional<milliseconds> cheapest, milliseconds every) {
  const milliseconds rest =
      std::clamp(cheapest ? std::min(cost, *cheapest / kRestParts) : cost, kRestMin, kRestMax);
  return std::max(rest, every - cost);
}

AfterFailure after_failure(ErrorKind kind, int failed, milliseconds held) {
  switch (kind) {
    case ErrorKind::fenced:
      return held < kHeldMax ? AfterFailure::wait : AfterFailure::end;
    case ErrorKind::misconfigured:
    case ErrorKind::unauthorized:
      return AfterFailure::end;
    default:
      return failed < kFailedRoundsMax ? AfterFailure::again : AfterFailure::end;
  }
}

}  // namespace sdp::cli
