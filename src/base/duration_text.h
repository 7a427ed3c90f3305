#pragma once

#include <chrono>
#include <string>

namespace sdp::base {

/// 1500 ms -> 1.5
template <typename Count, typename Unit>
constexpr double in_seconds(std::chrono::duration<Count, Unit> duration) {
  return std::chrono::duration<double>(duration).count();
}

/// `950 ms`, `12 s`, `3 min`, `5 h`, `2 d`: the largest unit of which there are at least two, but for
/// seconds; `0 ms` for what is negative.
std::string duration_text(std::chrono::milliseconds duration);

}  // namespace sdp::base
