#pragma once

#include <memory>

#include "base/clock.h"
#include "log/event_log.h"
#include "log/memory/memory_topic.h"

namespace sdp::log {

/// Appends at once: what send() took is acked.
class MemoryProducer final : public Producer {
 public:
  MemoryProducer(std::shared_ptr<MemoryTopic> topic, Clock& clock)
      : topic_(std::move(topic)), clock_(clock) {}

  Result<void> send(std::optional<std::string_view> key, std::optional<std::string_view> value) override;
  Result<void> flush(std::chrono::milliseconds) override { return {}; }
  ProducerCounts counts() const override { return counts_; }
  std::string first_failure() const override { return {}; }

 private:
  /// Records without a key take turns.
  Partition next_keyless(Partition partitions) {
    return static_cast<Partition>(keyless_++ % static_cast<std::uint32_t>(partitions));
  }

  const std::shared_ptr<MemoryTopic> topic_;
  Clock& clock_;
  ProducerCounts counts_;
  std::uint32_t keyless_ = 0;
};

}  // namespace sdp::log
