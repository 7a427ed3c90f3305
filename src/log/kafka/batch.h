#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "log/kafka/handles.h"

namespace sdp::log::kafka {

/// Messages fetched at once and owned until the next fetch.
class MessageBatch {
 public:
  static constexpr std::size_t kMessagesMax = 1024;

  MessageBatch() = default;
  MessageBatch(const MessageBatch&) = delete;
  MessageBatch& operator=(const MessageBatch&) = delete;
  ~MessageBatch() { clear(); }

  /// `consume(messages, max, timeout_ms)` is one of librdkafka's batch calls. They wait until all that was
  /// asked for is there or the time is up; so the first message is waited for alone, and the rest is what is
  /// at hand then.
  template <typename Consume>
  std::span<rd_kafka_message_t* const> fetch(std::size_t messages_max, int timeout_ms, Consume consume) {
    clear();
    const std::size_t max = std::min(messages_max, kMessagesMax);
    count_ = added(consume(messages_.data(), max, 0));
    if (count_ == 0 && timeout_ms > 0) {
      count_ = added(consume(messages_.data(), std::size_t{1}, timeout_ms));
      if (count_ > 0) count_ += added(consume(messages_.data() + count_, max - count_, 0));
    }
    return {messages_.data(), count_};
  }

  void clear() {
    for (std::size_t i = 0; i < count_; ++i) rd_kafka_message_destroy(messages_[i]);
    count_ = 0;
  }

 private:
  static std::size_t added(ssize_t count) { return count > 0 ? static_cast<std::size_t>(count) : 0; }

  std::array<rd_kafka_message_t*, kMessagesMax> messages_{};
  std::size_t count_ = 0;
};

}  // namespace sdp::log::kafka
