#include "support/child_process.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <thread>

#include "os/loopback.h"

namespace sdp::support {
ChildProcess::ChildProcess(const os::Command& command) {
  if (::access(command.arguments.at(0).c_str(), X_OK) != 0) {
    throw std::runtime_error(command.arguments[0] + " is missing: run `tools/setup test`");
  }
  const auto pid = os::spawn(command, os::Lifetime::bound);
  if (!pid) throw std::runtime_error(pid.error().message);
  pid_ = *pid;
}

void ChildProcess::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

void ChildProcess::pause() {
  signal(SIGSTOP);
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WEXITED | WNOWAIT);
}

void ChildProcess::resume() const {
  signal(SIGCONT);
}

bool ChildProcess::is_running() {
  if (pid_ <= 0) return false;
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0;
}

void ChildProcess::stop() {
  if (pid_ <= 0) return;
  signal(SIGKILL);
  wait();
}

int ChildProcess::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int free_port() {
  const os::UniqueFd socket = os::tcp_socket();
  if (!os::bind_to(socket, os::loopback(0))) throw std::runtime_error("there is no free port");
  return os::port_of(socket);
}

int http_status(int port, const std::string& path) {
  const os::UniqueFd socket = os::tcp_socket();
  const timeval limit{2, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const std::string request = "GET " + path + " HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";
  char answer[64] = {};
  int status = 0;
  if (os::connect_to(socket, os::loopback(static_cast<std::uint16_t>(port))) &&
      ::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size()) &&
      ::recv(socket.get(), answer, sizeof answer - 1, MSG_WAITALL) > 0) {
    (void)std::sscanf(answer, "HTTP/%*s %d", &status);
  }
  return status;
}

bool wait_until(std::chrono::milliseconds timeout, const std::function<bool()>& ready) {
  const auto give_up = std::chrono::steady_clock::now() + timeout;
  while (!ready()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace sdp::support
