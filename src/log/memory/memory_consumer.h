#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "log/event_log.h"
#include "log/memory/memory_topic.h"

namespace sdp::log {

/// A member of a group of a MemoryTopic. There is no session to time out: who does not poll keeps what it
/// owns until it closes or is destroyed, which frees it without a word to the handler.
class MemoryConsumer final : public Consumer {
 public:
  MemoryConsumer(std::shared_ptr<MemoryTopic> topic, std::string group);
  ~MemoryConsumer() override;

  Result<std::size_t> poll(ConsumerHandler& handler, std::size_t records_max,
                           std::chrono::milliseconds timeout) override;
  Result<void> seek(PartitionOffset position) override;
  Result<void> pause(Partition partition) override;
  Result<void> resume(Partition partition) override;
  Result<void> commit(std::span<const PartitionOffset> positions) override;
  std::optional<Offset> known_end(Partition partition) const override;
  /// A topic that is created again has records of its own, and this one's end.
  DeliveryMark delivery_mark() const override { return 0; }
  Result<bool> confirm(Partition partition, DeliveryMark mark) override;
  Result<void> close(ConsumerHandler& handler) override;

 private:
  struct Assigned {
    PartitionCursor cursor;
    bool paused = false;
    /// Moved or paused from inside on_record: what fetch() allowed no longer holds.
    bool interrupted = false;
    /// The end that the handler was told last; nothing after a seek or a pause.
    std::optional<Offset> end_told = std::nullopt;
    /// The log does not have the position, and the handler knows it.
    /// In a gap, or at a batch that cannot be read, until a seek.
    bool is_stuck = false;
  };

  Result<void> serve_group(ConsumerHandler& handler);
  void revoke(ConsumerHandler& handler, const std::vector<Partition>& partitions);
  Result<void> assign(ConsumerHandler& handler, const std::vector<Partition>& partitions);
  Result<std::size_t> deliver(ConsumerHandler& handler, std::size_t records_max);
  Result<std::size_t> deliver_one(ConsumerHandler& handler, Assigned& assigned, std::size_t records_max);
  static void tell_end(ConsumerHandler& handler, Assigned& assigned);
  void publish_positions();
  bool wait_for_news(SteadyTime deadline);
  bool has_news() const;
  bool has_other_news() const;

  const std::shared_ptr<MemoryTopic> topic_;
  const std::string group_;
  MemberId member_;
  bool closed_ = false;
  std::uint64_t seen_version_ = 0;
  std::map<Partition, Assigned> assigned_;
  /// Who is asked first, so that a busy partition does not starve the others.
  Partition turn_ = 0;
  RecordView record_;
};

}  // namespace sdp::log
