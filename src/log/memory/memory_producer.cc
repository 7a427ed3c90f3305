#include "log/memory/memory_producer.h"

#include "log/memory/partitioner.h"

namespace sdp::log {

Result<void> MemoryProducer::send(std::optional<std::string_view> key,
                                  std::optional<std::string_view> value) {
  if (topic_->retired()) return std::unexpected(topic_->retired_error());
  const Partition partitions = topic_->info().partitions;
  const Partition partition = key ? partition_of(*key, partitions) : next_keyless(partitions);
  SDP_RETURN_IF_ERROR(topic_->append(partition, {clock_.utc_now(), key, value, {}}));
  ++counts_.acked;
  return {};
}

}  // namespace sdp::log
