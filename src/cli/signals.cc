#include "cli/signals.h"

#include <unistd.h>

#include <chrono>
#include <ctime>
#include <utility>

#include "diag/log.h"
#include "diag/progress.h"
#include "diag/waiting.h"

namespace sdp::cli {
namespace {

constexpr std::chrono::milliseconds kSignalPatience{100};

}  // namespace

SignalStop::SignalStop(std::string opening) : opening_(std::move(opening)) {
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
  std::chrono::nanoseconds rest = diag::kOpeningAfter;
  while (!quit.stop_requested()) {
    const timespec patience{0, rest.count()};
    const int signal = sigtimedwait(&signals_, nullptr, &patience);
    if (!opening_.empty() && !quit.stop_requested()) diag::draw_opening(opening_);
    diag::tell_waits();
    rest = kSignalPatience;
    if (signal < 0 || quit.stop_requested()) continue;
    if (source_.stop_requested()) _exit(128 + signal);
    diag::log_event("command.stopping", {{"signal", signal}});
    source_.request_stop();
  }
}

}  // namespace sdp::cli
