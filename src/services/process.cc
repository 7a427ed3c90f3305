#include "services/process.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

// glibc 2.36 does not declare these for C++ by itself.
extern "C" {
#include <sys/pidfd.h>
}

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "os/files.h"
#include "os/posix_file.h"

namespace sdp::services {
namespace {

constexpr std::chrono::milliseconds kKillLimit{10'000};

/// Empty when there is none any more: processes end while one looks at them.
std::string read_all(const std::string& path) {
  return os::read_file(path).value_or(std::nullopt).value_or("");
}

/// Word `index` after the program name of /proc/PID/stat; the name is in brackets and may hold anything.
std::string_view stat_field(std::string_view stat, std::size_t index) {
  const auto end_of_name = stat.rfind(')');
  if (end_of_name == std::string_view::npos) return {};
  auto rest = stat.substr(std::min(stat.size(), end_of_name + 2));
  for (; index > 0; --index) rest.remove_prefix(std::min(rest.size(), rest.find(' ') + 1));
  return rest.substr(0, rest.find(' '));
}

/// Whether SIGKILL is on its way to the whole process, which the kernel goes on telling until the process is
/// gone.
bool is_being_killed(pid_t pid) {
  constexpr std::string_view kName = "ShdPnd:\t";
  const auto status = read_all(fmt::format("/proc/{}/status", pid));
  const auto line = status.find(kName);
  if (line == std::string::npos) return false;
  std::uint64_t pending = 0;
  std::from_chars(status.data() + line + kName.size(), status.data() + status.size(), pending, 16);
  return (pending >> (SIGKILL - 1) & 1) != 0;
}

/// The kernel's PF_EXITING among the flags of /proc/PID/stat.
bool is_exiting(pid_t pid) {
  constexpr unsigned kExiting = 4;
  const auto stat = read_all(fmt::format("/proc/{}/stat", pid));
  const auto text = stat_field(stat, 6);
  unsigned flags = 0;
  std::from_chars(text.data(), text.data() + text.size(), flags);
  return (flags & kExiting) != 0;
}

/// Frees a child of ours that has ended; for a process that is not our child this does nothing.
void reap(pid_t pid) {
  ::waitpid(pid, nullptr, WNOHANG);
}

bool wait_for_end(const os::UniqueFd& process, std::chrono::milliseconds limit) {
  pollfd poll_entry{.fd = process.get(), .events = POLLIN, .revents = 0};
  const auto deadline = base::system_clock().steady_now() + limit;
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - base::system_clock().steady_now());
    const int ready = ::poll(&poll_entry, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

}  // namespace

std::optional<ProcessId> identify(pid_t pid) {
  const auto stat = read_all(fmt::format("/proc/{}/stat", pid));
  const auto state = stat_field(stat, 0);
  const auto start = stat_field(stat, 19);
  ProcessId result{.pid = pid, .start_ticks = 0, .boot_id = read_all("/proc/sys/kernel/random/boot_id")};
  while (result.boot_id.ends_with('\n')) result.boot_id.pop_back();
  if (state.empty() || state == "Z" || state == "X") return std::nullopt;
  const auto parsed = std::from_chars(start.data(), start.data() + start.size(), result.start_ticks);
  if (parsed.ec != std::errc{}) return std::nullopt;
  return result;
}

bool is_running(const ProcessId& process) {
  reap(process.pid);
  return identify(process.pid) == process && !is_being_killed(process.pid) && !is_exiting(process.pid);
}

std::vector<ProcessId> others_in_session(const ProcessId& leader) {
  std::vector<ProcessId> others;
  // A number that somebody else has by now is no longer the session's.
  if (const auto holder = identify(leader.pid); holder && *holder != leader) return others;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const auto name = entry.path().filename().string();
    pid_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ec != std::errc{} || pid == leader.pid) continue;
    const auto process = identify(pid);
    const bool is_later = process && process->start_ticks >= leader.start_ticks;
    // A session's number is not given again while somebody is in it.
    if (is_later && process->boot_id == leader.boot_id &&
        stat_field(read_all(fmt::format("/proc/{}/stat", pid)), 3) == std::to_string(leader.pid)) {
      others.push_back(*process);
    }
  }
  return others;
}

Result<ProcessId> start_detached(const os::Command& command,
                                 const std::function<Result<void>(const ProcessId&)>& record) {
  ProcessId process;
  SDP_TRY(std::ignore, os::spawn(command, os::Lifetime::detached, [&](pid_t pid) -> Result<void> {
            // Until it is reaped, a child keeps its id, so this cannot name somebody else.
            auto identified = identify(pid);
            if (!identified) {
              return fail(ErrorKind::fatal,
                          fmt::format("{} was killed before it ran", command.arguments.front()));
            }
            process = *std::move(identified);
            return record(process);
          }));
  return process;
}

Result<void> run_to_end(const os::Command& command, std::chrono::milliseconds limit) {
  const auto end = os::run_child(command, {.total = limit});
  if (end && end->code == 0) return {};
  if (!end) return fail(ErrorKind::fatal, end.error().message);
  // Where the disk is full there is none in the file.
  return fail(ErrorKind::fatal,
              fmt::format("{} failed (exit code {}); its output is in {} and ends:\n{}",
                          command.arguments.front(), end->code, command.log.string(), end->tail));
}

Result<Stopping> Stopping::begin(const ProcessId& process) {
  Stopping stopping;
  os::UniqueFd handle(::pidfd_open(process.pid, 0));
  const bool was_running = is_running(process);
  // The handle is fixed to one process: what identify says now stays true of what the signals reach.
  if (!handle || identify(process.pid) != process) return stopping;
  if (::pidfd_send_signal(handle.get(), SIGTERM, nullptr, 0) != 0 && errno == EPERM) {
    return fail(ErrorKind::unauthorized,
                fmt::format("not allowed to stop process {}: it belongs to another user", process.pid));
  }
  stopping.pid_ = process.pid;
  stopping.was_running_ = was_running;
  stopping.handle_ = std::move(handle);
  return stopping;
}

Result<StopOutcome> Stopping::finish(std::chrono::milliseconds limit) {
  if (!handle_) return StopOutcome::was_not_running;
  auto outcome = was_running_ ? StopOutcome::ended : StopOutcome::was_not_running;
  if (!wait_for_end(handle_, limit)) {
    ::pidfd_send_signal(handle_.get(), SIGKILL, nullptr, 0);
    if (was_running_) outcome = StopOutcome::killed;
    if (!wait_for_end(handle_, kKillLimit)) {
      return fail(ErrorKind::fatal, fmt::format("process {} does not end, not even by SIGKILL", pid_));
    }
  }
  reap(pid_);
  return outcome;
}

Result<StopOutcome> stop(const ProcessId& process, std::chrono::milliseconds limit) {
  SDP_TRY(auto stopping, Stopping::begin(process));
  return stopping.finish(limit);
}

}  // namespace sdp::services
