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
  /// What is fetched ends with the message that reaches this, once messages are known to be large.
  static constexpr std::size_t kBytesMax = std::size_t{8} << 20;

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
    const auto take = [&](std::size_t most, int wait_ms) {
      const std::size_t got =
          added(consume(messages_.data() + count_, std::min(most, max - count_), wait_ms));
      for (std::size_t i = count_; i < count_ + got; ++i) bytes_ += messages_[i]->len;
      count_ += got;
      return got;
    };
    if (take(1, 0) > 0 || (timeout_ms > 0 && take(1, timeout_ms) > 0)) {
      // The first one tells whether they are to be taken one by one.
      const std::size_t step = bytes_ > kBytesMax / kMessagesMax ? 1 : kMessagesMax;
      while (count_ < max && !is_full() && take(step, 0) == step) {
      }
    }
    return {messages_.data(), count_};
  }

  /// Whether what was fetched ended with its bytes.
  bool is_full() const { return bytes_ >= kBytesMax; }

  void clear() {
    for (std::size_t i = 0; i < count_; ++i) rd_kafka_message_destroy(messages_[i]);
    count_ = 0;
    bytes_ = 0;
  }

 private:
  static std::size_t added(ssize_t count) { return count > 0 ? static_cast<std::size_t>(count) : 0; }

  std::array<rd_kafka_message_t*, kMessagesMax> messages_{};
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;  // of the values
};

}  // namespace sdp::log::kafka
