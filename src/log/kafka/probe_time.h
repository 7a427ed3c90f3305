#pragma once

#include <algorithm>
#include <chrono>

namespace sdp::log::kafka {

/// How long a broker is given to answer a question after an outage. An answer takes a round trip, and before
/// it a few more for the connection, the login and the version; nobody knows how long those are. So each
/// failure doubles the time, and what was enough once is kept. Pure.
class ProbeTime {
 public:
  static constexpr std::chrono::milliseconds kMin{250};
  /// Nothing else is done meanwhile, a stop included.
  static constexpr std::chrono::milliseconds kMax{4'000};

  std::chrono::milliseconds next() const { return next_; }
  void failed() { next_ = std::min(2 * next_, kMax); }

 private:
  std::chrono::milliseconds next_ = kMin;
};

}  // namespace sdp::log::kafka
