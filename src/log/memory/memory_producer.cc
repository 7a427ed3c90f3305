#include "log/memory/memory_producer.h"

#include <atomic>

#include "log/memory/partitioner.h"

namespace sdp::log {
namespace {

void place(const Outgoing& record, Partition partition, Offset offset) {
  if (record.placement != nullptr) *record.placement = {true, PartitionOffset{partition, offset}};
}

/// Another one for each producer of the process. Those below 0: tests choose theirs from 0 on.
TransactionalId next_id() {
  static std::atomic<TransactionalId> last = 0;
  return --last;
}

}  // namespace

MemoryProducer::MemoryProducer(std::shared_ptr<MemoryTopic> topic, Clock& clock)
    : topic_(std::move(topic)), id_(next_id()), clock_(clock) {}

Result<Partition> MemoryProducer::partition_for(const Outgoing& record) {
  if (topic_->retired()) return std::unexpected(topic_->retired_error());
  const Partition partitions = topic_->info().partitions;
  return record.key ? partition_of(*record.key, partitions) : next_keyless(partitions);
}

Result<void> MemoryProducer::send(const Outgoing& record) {
  SDP_TRY(const Partition partition, partition_for(record));
  SDP_TRY(const Offset offset, topic_->append(partition, {clock_.utc_now(), record.key, record.value, {}}));
  place(record, partition, offset);
  ++counts_.acked;
  return {};
}

Result<void> MemoryProducer::append_open(const Outgoing& record, std::set<Partition>& touched) {
  SDP_TRY(const Partition partition, partition_for(record));
  SDP_TRY(const Offset offset,
          topic_->append_open(partition, id_, {clock_.utc_now(), record.key, record.value, {}}));
  place(record, partition, offset);
  touched.insert(partition);
  return {};
}

Result<void> MemoryProducer::send_transaction(std::span<const Outgoing> records, TransactionEnd end) {
  std::set<Partition> touched;
  Result<void> sent;
  for (const Outgoing& record : records) {
    sent = append_open(record, touched);
    if (sent) continue;
    end = TransactionEnd::abort;
    break;
  }
  for (const Partition partition : touched) SDP_RETURN_IF_ERROR(topic_->end_transaction(partition, id_, end));
  if (end == TransactionEnd::commit) counts_.acked += records.size();
  return sent;
}

}  // namespace sdp::log
