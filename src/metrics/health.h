#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace sdp::metrics {

/// What a long-running command says of itself.
enum class Readiness : std::uint8_t {
  starting,     ///< it has not joined its group yet
  opening,      ///< its topic is not open yet
  ready,        ///< it does its work
  log_away,     ///< the log does not answer
  store_hangs,  ///< an upload has been under way for too long
  first_round,  ///< no round has ended yet
  rounds_fail,  ///< the last round failed
  stopping,     ///< it makes durable what it has read, and ends
};
/// In a sentence, for people.
std::string_view describe(Readiness readiness);

/// The answer to a probe.
struct Verdict {
  bool good = false;
  std::string text;  ///< one line with its end
};

/// Whether a command is alive and whether it does its work. Written by the command's loop, read by anybody.
/// Nobody waits for anybody.
class Health {
 public:
  /// A loop that did not turn for so long does no work, where a turn takes no time of its own.
  static constexpr std::chrono::milliseconds kReadyWithin{10'000};

  /// The loop is alive when it turned within `alive_within`.
  Health(std::chrono::milliseconds alive_within, SteadyTime now,
         std::chrono::milliseconds ready_within = kReadyWithin);

  void turned(SteadyTime now) { turned_at_.store(now, std::memory_order_relaxed); }
  void say(Readiness readiness) { readiness_.store(readiness, std::memory_order_relaxed); }

  Verdict alive(SteadyTime now) const;
  /// What the loop said holds as long as it turns.
  Verdict ready(SteadyTime now) const;

 private:
  std::chrono::milliseconds alive_within_;
  std::chrono::milliseconds ready_within_;
  std::atomic<SteadyTime> turned_at_;
  std::atomic<Readiness> readiness_ = Readiness::starting;
};

}  // namespace sdp::metrics
