#include "http/event_stream.h"

#include <fmt/format.h>

#include <utility>

namespace sdp::http {

bool EventStream::send(std::string_view event) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_open_) return false;
    if (waiting_.size() + event.size() <= kWaitingBytesMax) {
      waiting_ += event;
    } else {
      is_open_ = false;
    }
  }
  wake();
  return is_open_;
}

void EventStream::close() {
  is_open_ = false;
  wake();
}

void EventStream::attach(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

std::string EventStream::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(waiting_, {});
}

/// Under the lock, so that nobody is woken whose attach({}) has returned.
void EventStream::wake() {
  const std::lock_guard lock(mutex_);
  if (wake_) wake_();
}

std::string event_text(std::string_view name, std::string_view id, std::string_view data) {
  return id.empty() ? fmt::format("event: {}\ndata: {}\n\n", name, data)
                    : fmt::format("event: {}\nid: {}\ndata: {}\n\n", name, id, data);
}

}  // namespace sdp::http
