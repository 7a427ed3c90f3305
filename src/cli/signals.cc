#include "cli/signals.h"

#include <unistd.h>

#include <ctime>

#include "diag/log.h"
#include "diag/waiting.h"

namespace sdp::cli {

SignalStop::SignalStop() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  // Blocked everywhere and taken in by one thread: no handler runs in the middle of anything.
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  // A reader that went, and a limit on the size of files, are errors of the write that meets them.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  waiter_ = std::jthread([this](const std::stop_token& quit) { wait_for_signals(quit); });
}

SignalStop::~SignalStop() {
  waiter_.request_stop();
  // Of this thread alone, to wake it.
  pthread_kill(waiter_.native_handle(), SIGINT);
}

void SignalStop::wait_for_signals(const std::stop_token& quit) {
  while (!quit.stop_requested()) {
    const timespec patience{0, 100'000'000};
    const int signal = sigtimedwait(&signals_, nullptr, &patience);
    // This thread waits for nobody else.
    diag::tell_waits();
    if (signal < 0 || quit.stop_requested()) continue;
    if (source_.stop_requested()) _exit(128 + signal);
    diag::log_event("command.stopping", {{"signal", signal}});
    source_.request_stop();
  }
}

}  // namespace sdp::cli
