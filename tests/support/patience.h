#pragma once

#include <chrono>
#include <utility>

#include "base/clock.h"
#include "base/retry.h"

namespace sdp::support {

/// For whatever comes when all is well, on a slow machine with much to do. Only a failure waits as long.
inline constexpr std::chrono::seconds kPatience{120};

/// Whether `is_so` becomes true in that time.
template <typename F>
bool comes_true(F&& is_so) {
  return base::try_until(base::system_clock(), kPatience, std::chrono::milliseconds(2),
                         std::forward<F>(is_so));
}

}  // namespace sdp::support
