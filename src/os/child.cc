#include "os/child.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "os/posix_file.h"

namespace sdp::os {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPollInterval{50};
constexpr int kCannotStart = 127;
constexpr int kCannotSay = 126;

std::string program_path(const std::string& program) {
  if (program.contains('/')) return program;
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/bin:/bin";
  while (!rest.empty()) {
    const auto folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    auto candidate = fmt::format("{}/{}", folder, program);
    if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return program;
}

/// Our environment as `NAME=value`, with `added` in place of what has the same names.
std::vector<std::string> environment_with(const std::map<std::string, std::string>& added) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!added.contains(std::string(text.substr(0, text.find('='))))) result.emplace_back(text);
  }
  for (const auto& [name, value] : added) result.push_back(std::string(name).append("=").append(value));
  return result;
}

/// What exec wants: a pointer to each text, then a null pointer. `texts` outlives them and does not grow.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

struct Pipe {
  UniqueFd reading;
  UniqueFd writing;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return fail(ErrorKind::fatal, fmt::format("pipe: {}", std::strerror(errno)));
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// What is made ready before the fork, after which a process with threads may not even allocate.
struct Start {
  const char* program;
  char* const* arguments;
  char* const* environment;
  const char* folder;  ///< null: ours
  int output;
  int failure;  ///< Takes the error number when the program cannot be started.
  const Pipe*
      gate;  ///< A byte from it lets the program start, its end does not; null: nothing is waited for.
  pid_t parent;
  Lifetime lifetime;
};

/// Waits for what the parent decides; a killed one decides against it.
void wait_at(const Start& start) {
  // Ours would keep the pipe open for ever. And nothing that a dead parent held, such as a lock, is held on.
  const int gate = start.gate->reading.get();
  const int last = std::max({start.output, start.failure, gate});
  for (int fd = STDERR_FILENO + 1; fd < last; ++fd) {
    if (fd != start.output && fd != start.failure && fd != gate) ::close(fd);
  }
  ::close_range(static_cast<unsigned>(last) + 1, ~0U, 0);
  char go = 0;
  while (::read(gate, &go, 1) < 0 && errno == EINTR) {
  }
  if (go == 0) ::_exit(kCannotStart);
}

/// The child's part, up to where it becomes the program.
[[noreturn]] void become(const Start& start) {
  if (start.lifetime == Lifetime::detached) {
    ::setsid();
  } else {
    ::setpgid(0, 0);
    // Even when we are killed it does not stay behind: it may have the warehouse open.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != start.parent) ::_exit(kCannotStart);
  }
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (start.gate != nullptr) wait_at(start);
  ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  const int input = ::open("/dev/null", O_RDONLY);
  if (::dup2(input, STDIN_FILENO) >= 0 && ::dup2(start.output, STDOUT_FILENO) >= 0 &&
      ::dup2(start.output, STDERR_FILENO) >= 0 && (start.folder == nullptr || ::chdir(start.folder) == 0)) {
    ::execve(start.program, start.arguments, start.environment);
  }
  const int error = errno;
  const auto written = ::write(start.failure, &error, sizeof error);
  ::_exit(written == sizeof error ? kCannotStart : kCannotSay);
}

/// Takes the child's output: the log up to its limit, the tail, and the lines.
class Output {
 public:
  Output(const Command& command, const ChildLimits& limits)
      : log_(command.log, std::ios::binary | std::ios::trunc),
        left_(limits.log_bytes_max),
        on_line_(command.on_line) {}

  bool is_open() const { return log_.is_open(); }
  /// The output has ended.
  std::string take_tail() {
    if (!line_.empty()) on_line_(line_);
    return std::move(tail_);
  }

  void append(std::string_view bytes) {
    const auto kept = bytes.substr(0, left_);
    log_.write(kept.data(), static_cast<std::streamsize>(kept.size())).flush();
    left_ -= kept.size();
    if (on_line_) append_lines(bytes);
    tail_ += bytes;
    if (tail_.size() > kTailBytesMax) tail_.erase(0, tail_.size() - kTailBytesMax);
  }

 private:
  void append_lines(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::string_view part = bytes.substr(0, bytes.find('\n'));
      line_ += part.substr(0, kLineBytesMax - line_.size());
      bytes.remove_prefix(part.size());
      if (bytes.empty()) return;
      bytes.remove_prefix(1);
      on_line_(line_);
      line_.clear();
    }
  }

  std::ofstream log_;
  std::size_t left_;
  const std::function<void(std::string_view)> on_line_;
  std::string line_;
  std::string tail_;
};

/// Reads what is there; waits for more at most `wait`.
void pump(UniqueFd& pipe, Output& output, milliseconds wait) {
  pollfd entry{.fd = pipe.get(), .events = POLLIN, .revents = 0};
  if (::poll(&entry, 1, static_cast<int>(wait.count())) <= 0 || !pipe) return;
  std::array<char, 65'536> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it.
  const auto count = ::read(pipe.get(), buffer.data(), buffer.size());
  if (count > 0) output.append({buffer.data(), static_cast<std::size_t>(count)});
  if (count == 0) pipe = UniqueFd();
}

/// Exit code or 128 + signal; nothing while it runs. Leaves it to be reaped, so that its group cannot become
/// another's.
std::optional<int> peek_end(pid_t pid) {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0) return 1;
  if (info.si_pid == 0) return std::nullopt;
  return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

/// Pumps until the child has ended, `limit` is over or a stop is requested.
std::optional<int> wait_for_end(pid_t pid, UniqueFd& pipe, Output& output, milliseconds limit,
                                const std::stop_token& stop) {
  const auto deadline = base::system_clock().steady_now() + limit;
  while (!stop.stop_requested() && base::system_clock().steady_now() < deadline) {
    pump(pipe, output, kPollInterval);
    if (const auto code = peek_end(pid)) return code;
  }
  return std::nullopt;
}

/// What is still in the pipe; a grandchild that holds it open does not keep us.
void drain(UniqueFd& pipe, Output& output) {
  pollfd entry{.fd = pipe.get(), .events = POLLIN, .revents = 0};
  const auto deadline = base::system_clock().steady_now() + kPollInterval;
  while (pipe && base::system_clock().steady_now() < deadline && ::poll(&entry, 1, 0) > 0) {
    pump(pipe, output, milliseconds(0));
  }
}

/// As spawn; with `record` only when that allows it.
Result<pid_t> spawn_recorded(const Command& command, int output, Lifetime lifetime,
                             const std::function<Result<void>(pid_t)>& record) {
  SDP_TRY(Pipe failure, make_pipe());
  Pipe gate;
  if (record) {
    SDP_TRY(gate, make_pipe());
  }
  // All memory is taken before the fork.
  const auto program = program_path(command.arguments.front());
  auto arguments = command.arguments;
  auto environment = environment_with(command.environment);
  const auto argument_pointers = pointers_to(arguments);
  const auto environment_pointers = pointers_to(environment);
  const Start start{.program = program.c_str(),
                    .arguments = argument_pointers.data(),
                    .environment = environment_pointers.data(),
                    .folder = command.folder.empty() ? nullptr : command.folder.c_str(),
                    .output = output,
                    .failure = failure.writing.get(),
                    .gate = record ? &gate : nullptr,
                    .parent = ::getpid(),
                    .lifetime = lifetime};
  const pid_t pid = ::fork();
  if (pid < 0) return fail(ErrorKind::fatal, fmt::format("fork: {}", std::strerror(errno)));
  if (pid == 0) become(start);
  failure.writing = UniqueFd();
  gate.reading = UniqueFd();
  if (record) {
    auto recorded = record(pid);
    if (recorded) std::ignore = ::write(gate.writing.get(), "!", 1);
    gate.writing = UniqueFd();
    if (!recorded) {
      ::waitpid(pid, nullptr, 0);
      return std::unexpected(std::move(recorded).error());
    }
  }
  int error = 0;
  // Nothing comes when the program has started: its copy of the pipe is closed then.
  if (::read(failure.reading.get(), &error, sizeof error) != sizeof error) return pid;
  ::waitpid(pid, nullptr, 0);
  return fail(ErrorKind::misconfigured,
              fmt::format("cannot start {}{}: {}", command.arguments.front(),
                          command.folder.empty() ? "" : fmt::format(" in {}", command.folder.string()),
                          std::strerror(error)));
}

}  // namespace

Result<pid_t> spawn(const Command& command, int output, Lifetime lifetime) {
  return spawn_recorded(command, output, lifetime, {});
}

Result<pid_t> spawn(const Command& command, Lifetime lifetime,
                    const std::function<Result<void>(pid_t)>& record) {
  const auto* log = command.log.empty() ? "/dev/null" : command.log.c_str();
  const UniqueFd output(::open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!output) return posix_error(errno, Access::write, "open the log", log);
  return spawn_recorded(command, output.get(), lifetime, record);
}

Result<ChildEnd> run_child(const Command& command, const ChildLimits& limits, std::stop_token stop) {
  SDP_TRY(Pipe pipe, make_pipe());
  Output output(command, limits);
  if (!output.is_open()) {
    return fail(ErrorKind::cannot_write,
                fmt::format("cannot write the log {}: {}", command.log.string(), std::strerror(errno)));
  }
  SDP_TRY(const pid_t pid, spawn(command, pipe.writing.get(), Lifetime::bound));
  pipe.writing = UniqueFd();

  const auto code = wait_for_end(pid, pipe.reading, output, limits.total, stop);
  if (!code) {
    ::kill(-pid, SIGTERM);
    wait_for_end(pid, pipe.reading, output, limits.grace, {});
  }
  // Whatever it started ends with it.
  ::kill(-pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  drain(pipe.reading, output);
  if (code) return ChildEnd{*code, output.take_tail()};
  if (stop.stop_requested()) {
    return fail(ErrorKind::interrupted, fmt::format("{} was stopped on request", command.arguments.front()));
  }
  return fail(
      ErrorKind::unavailable,
      fmt::format("{} did not end within {} and was stopped; its output is in {}", command.arguments.front(),
                  std::chrono::duration<double>(limits.total), command.log.string()));
}

}  // namespace sdp::os
