#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sdp::os {

/// A program that is run without a shell. Secrets go into `environment`, never into `arguments`, which every
/// user can read.
struct Command {
  std::vector<std::string> arguments;  ///< The program first; without a `/` it is looked up in PATH.
  std::map<std::string, std::string> environment = {};  ///< Added to our own.
  std::filesystem::path folder = {};                    ///< Where it runs; ours when empty.
  std::filesystem::path log = {};                       ///< Both outputs; /dev/null when empty.
  /// run_child: hears each line of both outputs, without its end and cut at kLineBytesMax.
  std::function<void(std::string_view line)> on_line = {};
};

enum class Lifetime {
  bound,  ///< A process group of its own; killed when the thread that started it ends, as by a SIGKILL to us.
  detached,  ///< A session of its own, which outlives us and gets no signal of our terminal.
};

/// Starts the program with no descriptors but /dev/null as its input and `output` as both outputs, with every
/// signal as the system sets it, and returns when it runs. The caller reaps it. `misconfigured` when it
/// cannot be started.
Result<pid_t> spawn(const Command& command, int output, Lifetime lifetime);

/// The same with both outputs appended to `command.log`. `record` hears of the process before it becomes the
/// program: when that fails, or we are killed before it returned, the program never runs.
Result<pid_t> spawn(const Command& command, Lifetime lifetime,
                    const std::function<Result<void>(pid_t)>& record = {});

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
inline constexpr std::size_t kLineBytesMax = 8'192;

/// Runs the command, whose log is overwritten, to its end. `misconfigured` when it cannot be started,
/// `unavailable` when the time is used up, `interrupted` on a stop request; in the last two its whole process
/// group is ended first. It is bound to us (Lifetime).
Result<ChildEnd> run_child(const Command& command, const ChildLimits& limits, std::stop_token stop = {});

}  // namespace sdp::os
