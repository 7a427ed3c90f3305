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

milliseconds rest_after(milliseconds cost, std::optional<milliseconds> cheapest) {
  return std::clamp(cheapest ? std::min(cost, *cheapest / kRestParts) : cost, kRestMin, kRestMax);
}

AfterFailure after_failure(ErrorKind kind, int failed) {
  switch (kind) {
    case ErrorKind::misconfigured:
    case ErrorKind::unauthorized:
      return AfterFailure::end;
    default:
      return failed < kFailedRoundsMax ? AfterFailure::again : AfterFailure::end;
  }
}

}  // namespace sdp::cli
