#pragma once

#include <csignal>
#include <stop_token>
#include <thread>

namespace sdp::cli {

/// Turns SIGINT and SIGTERM into a stop request: the first asks everything to finish what it holds, the
/// second ends the process at once (exit 130 or 143). Make one, early in main: signals are blocked in every
/// thread started after it.
class SignalStop {
 public:
  SignalStop();
  ~SignalStop();
  SignalStop(const SignalStop&) = delete;
  SignalStop& operator=(const SignalStop&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  void wait_for_signals(const std::stop_token& quit);

  sigset_t signals_{};
  std::stop_source source_;
  std::jthread waiter_;
};

}  // namespace sdp::cli
