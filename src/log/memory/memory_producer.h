#pragma once

#include <memory>
#include <set>

#include "base/clock.h"
#include "log/event_log.h"
#include "log/memory/memory_topic.h"

namespace sdp::log {

/// Appends at once: what send() took is acked.
class MemoryProducer final : public Producer {
 public:
  MemoryProducer(std::shared_ptr<MemoryTopic> topic, Clock& clock);

  Result<void> send(const Outgoing& record) override;
  Result<void> send_transaction(std::span<const Outgoing> records, TransactionEnd end) override;
  Result<void> flush(std::chrono::milliseconds) override { return {}; }
  ProducerCounts counts() const override { return counts_; }
  std::string first_failure() const override { return {}; }

 private:
  /// Records without a key take turns.
  Partition next_keyless(Partition partitions) {
    return static_cast<Partition>(keyless_++ % static_cast<std::uint32_t>(partitions));
  }

  Result<Partition> partition_for(const Outgoing& record);
  Result<void> append_open(const Outgoing& record, std::set<Partition>& touched);

  const std::shared_ptr<MemoryTopic> topic_;
  const TransactionalId id_;
  Clock& clock_;
  ProducerCounts counts_;
  std::uint32_t keyless_ = 0;
};

}  // namespace sdp::log
