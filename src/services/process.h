#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sdp::services {

/// A program to run. Secrets go into `environment`, never into `arguments`, which every user can read.
struct Command {
  std::vector<std::string> arguments;              ///< The program first; it is looked up in PATH.
  std::map<std::string, std::string> environment;  ///< Added to our own.
  std::filesystem::path log;                       ///< Both outputs are appended here.
};

/// One process for all time: a process id alone is used again by the system, and a signal could hit a
/// stranger.
struct ProcessId {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  ///< Of the system's clock since boot, as in /proc/PID/stat.
  std::string boot_id;

  bool operator==(const ProcessId&) const = default;
};

/// Who runs under this process id now; nothing when nobody does (a zombie is nobody).
std::optional<ProcessId> identify(pid_t pid);
/// Not so from the moment it is killed or exits, although the kernel may need long after that to take back
/// its memory, and only then frees its ports; stop() waits for that.
bool is_running(const ProcessId& process);

/// Starts a process in a session of its own, which outlives us and gets no signal of our terminal, with no
/// descriptors but /dev/null and its log.
Result<ProcessId> start_detached(const Command& command);

/// Runs a command to its end; an error when it fails or takes longer than `limit` (it is killed then).
Result<void> run_to_end(const Command& command, std::chrono::milliseconds limit);

/// Who else runs in the session that a process began with start_detached, such as children that outlived it.
std::vector<ProcessId> others_in_session(const ProcessId& leader);

enum class StopOutcome { was_not_running, ended, killed };

/// SIGTERM, then SIGKILL after `limit`; returns when the process is gone. Only ever signals the very process
/// that is named.
Result<StopOutcome> stop(const ProcessId& process, std::chrono::milliseconds limit);

}  // namespace sdp::services
