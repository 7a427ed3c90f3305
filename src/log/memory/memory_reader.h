#pragma once

#include <memory>

#include "log/event_log.h"
#include "log/memory/memory_topic.h"

namespace sdp::log {

class MemoryReader final : public Reader {
 public:
  explicit MemoryReader(std::shared_ptr<MemoryTopic> topic) : topic_(std::move(topic)) {}

  Result<void> read(Partition partition, Offset from, Offset to, std::chrono::milliseconds timeout,
                    const Visit& visit, const VisitUnreadable& unreadable) override;
  Result<std::optional<RecordStamp>> first_record(Partition partition, Offset from, Offset to,
                                                  std::chrono::milliseconds timeout) override;

 private:
  Result<std::size_t> wait_for_records(PartitionCursor& cursor, std::chrono::milliseconds timeout);

  const std::shared_ptr<MemoryTopic> topic_;
};

}  // namespace sdp::log
