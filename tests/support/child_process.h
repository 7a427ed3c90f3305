#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "os/child.h"

namespace sdp::support {

/// A server started by a test: it dies with this object, and with the thread that started it. A failure to
/// start throws std::runtime_error, which fails the test.
class ChildProcess {
 public:
  /// The program's path comes first.
  explicit ChildProcess(const os::Command& command);
  ChildProcess(ChildProcess&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess() { stop(); }

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// SIGSTOP, and waits until every thread stands still.
  void pause();
  void resume() const;
  bool is_running();
  /// Ends it by SIGKILL and waits.
  void stop();
  /// Waits for its own end; its exit status (128 + number after a signal).
  int wait();

 private:
  pid_t pid_ = -1;
};

/// A loopback port that was free a moment ago.
int free_port();
/// The status of GET http://127.0.0.1:port/path, 0 when there is no answer.
int http_status(int port, const std::string& path);
/// False when `ready` stays false.
bool wait_until(std::chrono::milliseconds timeout, const std::function<bool()>& ready);

}  // namespace sdp::support
