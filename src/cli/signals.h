#pragma once

#include <csignal>
#include <stop_token>
#include <string>
#include <thread>

namespace sdp::cli {

/// Turns SIGINT and SIGTERM into a stop request: the first asks everything to finish what it holds, the
/// second ends the process at once (exit 130 or 143). Make one, early in main: signals are blocked in every
/// thread started after it. Its thread waits for nobody, so it also tells a person what the process does and
/// for whom it waits.
class SignalStop {
 public:
  /// `opening`: what the process does, for a terminal on which nothing else is said soon; empty: nothing.
  explicit SignalStop(std::string opening = {});
  ~SignalStop();
  SignalStop(const SignalStop&) = delete;
  SignalStop& operator=(const SignalStop&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  void wait_for_signals(const std::stop_token& quit);

  const std::string opening_;
  sigset_t signals_{};
  std::stop_source source_;
  std::jthread waiter_;
};

}  // namespace sdp::cli
