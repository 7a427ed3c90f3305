#include "support/killed_at.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

namespace sdp::support {
namespace {

constexpr std::array kChanging = {
    SYS_clone,     SYS_clone3,    SYS_renameat,
    SYS_renameat2, SYS_unlinkat,  SYS_mkdirat,
    SYS_linkat,    SYS_symlinkat, SYS_pidfd_send_signal,
    SYS_kill,      SYS_fchmod,    SYS_ftruncate,
    SYS_fchmodat,
#ifdef SYS_open
    SYS_fork,      SYS_vfork,     SYS_rename,
    SYS_unlink,    SYS_rmdir,     SYS_mkdir,
    SYS_link,      SYS_symlink,   SYS_creat,
    SYS_chmod,     SYS_truncate,
#endif
};

struct Call {
  std::uint64_t number = 0;
  std::array<std::uint64_t, 6> arguments{};
};

bool changes_something(const Call& call) {
  constexpr std::uint64_t kStandardError = 2;
  if (call.number == SYS_write) return call.arguments[0] > kStandardError;
  if (call.number == SYS_openat) return (call.arguments[2] & O_CREAT) != 0;
#ifdef SYS_open
  if (call.number == SYS_open) return (call.arguments[1] & O_CREAT) != 0;
#endif
  return std::ranges::find(kChanging, static_cast<long>(call.number)) != kChanging.end();
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

bool run_killed_at(std::size_t step, const std::function<void()>& work) {
  const pid_t pid = ::fork();
  if (pid < 0) std::abort();
  if (pid == 0) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
    work();
    ::_exit(0);
  }
  int status = wait_for(pid);
  if (!WIFSTOPPED(status)) std::abort();
  ::ptrace(PTRACE_SETOPTIONS, pid, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  constexpr int kOfSystemCall = SIGTRAP | 0x80;
  std::uintptr_t signal = 0;
  bool is_counted = false;
  for (std::size_t calls = 0;;) {
    ::ptrace(PTRACE_SYSCALL, pid, nullptr, signal);
    signal = 0;
    status = wait_for(pid);
    if (!WIFSTOPPED(status)) return false;
    if (WSTOPSIG(status) != kOfSystemCall) {
      signal = static_cast<std::uintptr_t>(WSTOPSIG(status));
      continue;
    }
    __ptrace_syscall_info info{};
    if (::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0) std::abort();
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
      Call call{.number = info.entry.nr};
      std::ranges::copy(info.entry.args, call.arguments.begin());
      is_counted = changes_something(call);
    } else if (is_counted && ++calls == step) {
      ::kill(pid, SIGKILL);
      wait_for(pid);
      return true;
    }
  }
}

}  // namespace sdp::support
