#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace sdp::diag {

/// What makes two lines repeats of each other.
struct RepeatKey {
  std::size_t event = 0;  ///< index in kEvents
  std::string topic;
  std::optional<std::int64_t> partition;
  std::string object;

  auto operator<=>(const RepeatKey&) const = default;
};

struct Repeats {
  RepeatKey key;
  std::uint64_t count = 0;
};

/// Lets a line through once in a window of time and counts the others. Pure; remembers at most kKeysMax keys.
class RepeatLimiter {
 public:
  static constexpr std::size_t kKeysMax = 1'024;

  /// Whether the line is to be written. Call take_expired() first.
  bool admit(const RepeatKey& key, std::chrono::milliseconds window, SteadyTime now);
  /// The counts of the windows that are over; a window without repeats has none.
  std::vector<Repeats> take_expired(SteadyTime now);
  /// The counts of all windows.
  std::vector<Repeats> take_all() { return take_expired(SteadyTime::max()); }

 private:
  struct Window {
    SteadyTime end;
    std::uint64_t repeats = 0;
  };

  std::map<RepeatKey, Window> windows_;
};

}  // namespace sdp::diag
