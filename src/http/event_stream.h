#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace sdp::http {

/// What one client that keeps listening is told: server-sent events (WHATWG HTML, section 9.2). Thread-safe.
class EventStream {
 public:
  /// Of what waits for a client. One that is slower is cut off; browsers connect again by themselves.
  static constexpr std::size_t kWaitingBytesMax = std::size_t{512} << 10;

  /// Puts a whole event (event_text()) behind what waits. False when the client is gone, or is cut off now.
  bool send(std::string_view event);
  /// No more is sent, and none is listening.
  void close();
  bool is_open() const { return is_open_; }

  // --- for the server ---

  /// `wake` is called, by any thread, when there is something to take and when the stream was closed.
  void attach(std::function<void()> wake);
  /// All that waits.
  std::string take();

 private:
  void wake();

  std::mutex mutex_;
  std::string waiting_;
  std::function<void()> wake_;
  std::atomic<bool> is_open_ = true;
};

/// One event. `data` has no line breaks, as JSON in one line has none. Without an id the client keeps the
/// last one.
std::string event_text(std::string_view name, std::string_view id, std::string_view data);

}  // namespace sdp::http
