#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/child.h"
#include "os/posix_file.h"

namespace sdp::services {

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

/// Starts a process in a session of its own (os::Lifetime::detached); its output is appended to the log. The
/// program runs only once `record` has written down which process it is: nobody could find and stop it else.
Result<ProcessId> start_detached(const os::Command& command,
                                 const std::function<Result<void>(const ProcessId&)>& record);

/// Runs a command, whose log is overwritten, to its end; `fatal` when it fails or takes longer than `limit`
/// (it is ended then).
Result<void> run_to_end(const os::Command& command, std::chrono::milliseconds limit);

/// Who else runs in the session that a process began with start_detached, such as children that outlived it.
std::vector<ProcessId> others_in_session(const ProcessId& leader);

enum class StopOutcome { was_not_running, ended, killed };

/// A process that was sent SIGTERM, until it is gone. Only ever signals the very process that was named.
class Stopping {
 public:
  /// `unauthorized` when it belongs to another user.
  static Result<Stopping> begin(const ProcessId& process);

  /// SIGKILL after `limit` from now; returns when the process is gone.
  Result<StopOutcome> finish(std::chrono::milliseconds limit);

 private:
  pid_t pid_ = 0;
  bool was_running_ = false;
  os::UniqueFd handle_;  ///< none when there is nothing to wait for
};

/// Both in one.
Result<StopOutcome> stop(const ProcessId& process, std::chrono::milliseconds limit);

}  // namespace sdp::services
