#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.h"

namespace sdp::diag {

/// How long an answer may take before a person is told that it is waited for.
inline constexpr std::chrono::milliseconds kPatience{1'000};
/// For what takes its time also where all is well, such as an upload.
inline constexpr std::chrono::milliseconds kPatienceForUploads{5'000};

/// Lives as long as an answer of a server is waited for. Once it has waited for `patience`, tell_waits() says
/// so in an event `waiting`, and again each ten seconds. Nothing is said of an answer that comes sooner.
/// Thread-safe.
class Waiting {
 public:
  /// `of`: who is to answer, as people call it. `limit`: when it is given up.
  Waiting(std::string of, std::chrono::milliseconds limit, std::chrono::milliseconds patience = kPatience,
          SteadyTime now = base::system_clock().steady_now());
  ~Waiting();
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  /// Why there is none yet, where that is known.
  void note(std::string reason);
  /// Something came: what follows is waited for from now on.
  void answered(SteadyTime now = base::system_clock().steady_now());

 private:
  const std::uint64_t id_;
};

/// Tells what has been waited for long enough. Called every now and then, by a thread that never waits for a
/// server; costs a load while nothing is waited for.
void tell_waits(SteadyTime now = base::system_clock().steady_now());

}  // namespace sdp::diag
