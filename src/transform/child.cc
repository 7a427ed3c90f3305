#include "transform/child.h"

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
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>

#include "base/exec_text.h"

namespace sdp::transform {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPollInterval{50};
constexpr int kCannotStart = 127;
constexpr int kCannotSay = 126;

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

/// What is made ready before the fork, after which a process with threads may not even allocate.
struct Start {
  char* const* arguments;
  char* const* environment;
  const char* folder;
  int output;
  int failure;  ///< Takes the error number when the program cannot be started.
  pid_t parent;
};

/// The child's part, up to where it becomes the program.
[[noreturn]] void become(const Start& start) {
  ::setpgid(0, 0);
  // Even when we are killed it does not stay behind: it has the warehouse open.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != start.parent) ::_exit(kCannotStart);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  const int input = ::open("/dev/null", O_RDONLY);
  if (::dup2(input, STDIN_FILENO) >= 0 && ::dup2(start.output, STDOUT_FILENO) >= 0 &&
      ::dup2(start.output, STDERR_FILENO) >= 0 && ::chdir(start.folder) == 0) {
    ::execve(start.arguments[0], start.arguments, start.environment);
  }
  const int error = errno;
  const auto written = ::write(start.failure, &error, sizeof error);
  ::_exit(written == sizeof error ? kCannotStart : kCannotSay);
}

Result<pid_t> spawn(const ChildCommand& command, int output) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return fail(ErrorKind::fatal, fmt::format("pipe: {}", std::strerror(errno)));
  Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  auto arguments = command.arguments;
  auto environment = base::environment_with(command.environment);
  const auto argument_pointers = base::pointers_to(arguments);
  const auto environment_pointers = base::pointers_to(environment);
  const Start start{.arguments = argument_pointers.data(),
                    .environment = environment_pointers.data(),
                    .folder = command.folder.c_str(),
                    .output = output,
                    .failure = writing.number(),
                    .parent = ::getpid()};
  const pid_t pid = ::fork();
  if (pid < 0) return fail(ErrorKind::fatal, fmt::format("fork: {}", std::strerror(errno)));
  if (pid == 0) become(start);
  writing.close();
  int error = 0;
  // Nothing comes when the program has started: its copy of the pipe is closed then.
  if (::read(reading.number(), &error, sizeof error) != sizeof error) return pid;
  ::waitpid(pid, nullptr, 0);
  return fail(ErrorKind::misconfigured, fmt::format("cannot start {} in {}: {}", command.arguments.front(),
                                                    command.folder.string(), std::strerror(error)));
}

/// Takes the child's output: the log up to its limit, the tail, and the echo.
class Output {
 public:
  Output(const ChildCommand& command, const ChildLimits& limits)
      : log_(command.log, std::ios::binary | std::ios::trunc),
        left_(limits.log_bytes_max),
        echo_(command.echo) {}

  bool is_open() const { return log_.is_open(); }
  std::string take_tail() { return std::move(tail_); }

  void append(std::string_view bytes) {
    const auto kept = bytes.substr(0, left_);
    log_.write(kept.data(), static_cast<std::streamsize>(kept.size())).flush();
    left_ -= kept.size();
    if (echo_) std::fwrite(bytes.data(), 1, bytes.size(), stderr);
    tail_ += bytes;
    if (tail_.size() > kTailBytesMax) tail_.erase(0, tail_.size() - kTailBytesMax);
  }

 private:
  std::ofstream log_;
  std::size_t left_;
  bool echo_;
  std::string tail_;
};

/// Reads what is there; waits for more at most `wait`.
void pump(Descriptor& pipe, Output& output, milliseconds wait) {
  pollfd entry{.fd = pipe.number(), .events = POLLIN, .revents = 0};
  if (::poll(&entry, 1, static_cast<int>(wait.count())) <= 0 || pipe.number() < 0) return;
  std::array<char, 65'536> buffer;
  const auto count = ::read(pipe.number(), buffer.data(), buffer.size());
  if (count > 0) output.append({buffer.data(), static_cast<std::size_t>(count)});
  if (count == 0) pipe.close();
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
std::optional<int> wait_for_end(pid_t pid, Descriptor& pipe, Output& output, milliseconds limit,
                                const std::stop_token& stop) {
  const auto deadline = steady_clock::now() + limit;
  while (!stop.stop_requested() && steady_clock::now() < deadline) {
    pump(pipe, output, kPollInterval);
    if (const auto code = peek_end(pid)) return code;
  }
  return std::nullopt;
}

/// What is still in the pipe; a grandchild that holds it open does not keep us.
void drain(Descriptor& pipe, Output& output) {
  pollfd entry{.fd = pipe.number(), .events = POLLIN, .revents = 0};
  const auto deadline = steady_clock::now() + kPollInterval;
  while (pipe.number() >= 0 && steady_clock::now() < deadline && ::poll(&entry, 1, 0) > 0) {
    pump(pipe, output, milliseconds(0));
  }
}

}  // namespace

Result<ChildEnd> run_child(const ChildCommand& command, const ChildLimits& limits, std::stop_token stop) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return fail(ErrorKind::fatal, fmt::format("pipe: {}", std::strerror(errno)));
  Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  Output output(command, limits);
  if (!output.is_open()) {
    return fail(ErrorKind::cannot_write,
                fmt::format("cannot write the log {}: {}", command.log.string(), std::strerror(errno)));
  }
  SDP_TRY(const pid_t pid, spawn(command, writing.number()));
  writing.close();

  const auto code = wait_for_end(pid, reading, output, limits.total, stop);
  if (!code) {
    ::kill(-pid, SIGTERM);
    wait_for_end(pid, reading, output, limits.grace, {});
  }
  // Whatever it started ends with it.
  ::kill(-pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  drain(reading, output);
  if (code) return ChildEnd{*code, output.take_tail()};
  if (stop.stop_requested()) {
    return fail(ErrorKind::interrupted, fmt::format("{} was stopped on request", command.arguments.front()));
  }
  return fail(
      ErrorKind::unavailable,
      fmt::format("{} did not end within {} and was stopped; its output is in {}", command.arguments.front(),
                  std::chrono::duration<double>(limits.total), command.log.string()));
}

}  // namespace sdp::transform
