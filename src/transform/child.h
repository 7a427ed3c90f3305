#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"

namespace sdp::transform {

/// A program that is run to its end, without a shell.
struct ChildCommand {
  std::vector<std::string> arguments;              ///< The program's path first.
  std::map<std::string, std::string> environment;  ///< Added to our own.
  std::filesystem::path folder;                    ///< Where it runs.
  std::filesystem::path log;                       ///< Both outputs, overwritten.
  bool echo = false;                               ///< Both outputs to our stderr, too.
};

struct ChildLimits {
  std::chrono::milliseconds total{30 * 60 * 1000};
  /// Between asking it to end (SIGTERM) and killing it.
  std::chrono::milliseconds grace{5'000};
  /// More output than this is read but not kept in the log.
  std::size_t log_bytes_max = std::size_t{64} << 20;
};

struct ChildEnd {
  /// Exit code, or 128 + signal.
  int code = 0;
  /// The last bytes of its output.
  std::string tail;
};

inline constexpr std::size_t kTailBytesMax = 8'192;

/// Runs the command in a process group of its own and waits. `misconfigured` when it cannot be started,
/// `unavailable` when the time is used up, `interrupted` on a stop request; in the last two the whole group
/// is ended first. The program is killed when the calling thread ends before it, as by a SIGKILL to us.
Result<ChildEnd> run_child(const ChildCommand& command, const ChildLimits& limits, std::stop_token stop = {});

}  // namespace sdp::transform
