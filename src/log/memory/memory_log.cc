#include "log/memory/memory_log.h"

#include <fmt/format.h>

#include <utility>

#include "base/uuid.h"
#include "log/memory/memory_consumer.h"
#include "log/memory/memory_producer.h"
#include "log/memory/memory_reader.h"

namespace sdp::log {

MemoryLog::MemoryLog(MemoryLogOptions options, Clock& clock, Rng rng)
    : options_(std::move(options)), clock_(clock), rng_(rng) {}

Result<bool> MemoryLog::ensure_topic(const TopicSpec& spec) {
  if (spec.name != options_.topic || spec.partitions < 1) {
    return fail(ErrorKind::misconfigured,
                fmt::format("a topic {} with {} partitions was asked of the log of topic {}", spec.name,
                            spec.partitions, options_.topic));
  }
  std::lock_guard lock(mutex_);
  if (topic_) return false;
  topic_ = std::make_shared<MemoryTopic>(options_, spec.partitions, base::uuid4(rng_));
  return true;
}

Result<std::shared_ptr<MemoryTopic>> MemoryLog::topic() const {
  std::lock_guard lock(mutex_);
  if (topic_) return topic_;
  return fail(ErrorKind::bad_input, fmt::format("topic {} does not exist: create it first", options_.topic));
}

Result<TopicInfo> MemoryLog::describe() {
  SDP_TRY(const auto topic, this->topic());
  return topic->info();
}

Result<Watermarks> MemoryLog::watermarks(Partition partition) {
  SDP_TRY(const auto topic, this->topic());
  SDP_RETURN_IF_ERROR(topic->check_partition(partition));
  return topic->partition(partition).watermarks();
}

Result<std::vector<std::optional<Offset>>> MemoryLog::committed(std::string_view group) {
  SDP_TRY(const auto topic, this->topic());
  return topic->groups().committed(group);
}

Result<std::size_t> MemoryLog::members(std::string_view group) {
  SDP_TRY(const auto topic, this->topic());
  return topic->groups().members(group);
}

Result<std::unique_ptr<Producer>> MemoryLog::open_producer() {
  SDP_TRY(auto topic, this->topic());
  return std::make_unique<MemoryProducer>(std::move(topic), clock_);
}

Result<std::unique_ptr<Consumer>> MemoryLog::open_consumer(const ConsumerOptions& options) {
  SDP_TRY(auto topic, this->topic());
  if (options.topic_id && *options.topic_id != topic->info().id) {
    return std::unexpected(created_again_error(topic->info().name, *options.topic_id, topic->info().id));
  }
  return std::make_unique<MemoryConsumer>(std::move(topic), options.group);
}

Result<std::unique_ptr<Reader>> MemoryLog::open_reader() {
  SDP_TRY(auto topic, this->topic());
  return std::make_unique<MemoryReader>(std::move(topic));
}

Result<Offset> MemoryLog::append(Partition partition, const RecordBytes& record) {
  SDP_TRY(const auto topic, this->topic());
  SDP_RETURN_IF_ERROR(topic->check_partition(partition));
  return topic->append(partition, record);
}

Result<Offset> MemoryLog::append_mark(Partition partition) {
  SDP_TRY(const auto topic, this->topic());
  SDP_RETURN_IF_ERROR(topic->check_partition(partition));
  return topic->append_mark(partition);
}

Result<Offset> MemoryLog::append_unreadable(Partition partition, std::int32_t count, BatchFault fault) {
  SDP_TRY(const auto topic, this->topic());
  SDP_RETURN_IF_ERROR(topic->check_partition(partition));
  return topic->append_unreadable(partition, count, fault);
}

Result<Offset> MemoryLog::append_open(Partition partition, TransactionalId id, const RecordBytes& record) {
  SDP_TRY(const auto topic, this->topic());
  SDP_RETURN_IF_ERROR(topic->check_partition(partition));
  return topic->append_open(partition, id, record);
}

Result<std::optional<Offset>> MemoryLog::end_transaction(Partition partition, TransactionalId id,
                                                         TransactionEnd end) {
  SDP_TRY(const auto topic, this->topic());
  SDP_RETURN_IF_ERROR(topic->check_partition(partition));
  return topic->end_transaction(partition, id, end);
}

Result<LeaderEpoch> MemoryLog::elect(Partition partition) {
  SDP_TRY(const auto topic, this->topic());
  SDP_RETURN_IF_ERROR(topic->check_partition(partition));
  return topic->elect(partition);
}

Result<void> MemoryLog::truncate(Partition partition, Offset end) {
  SDP_TRY(const auto topic, this->topic());
  SDP_RETURN_IF_ERROR(topic->check_partition(partition));
  topic->truncate(partition, end);
  return {};
}

Result<void> MemoryLog::delete_below(Partition partition, Offset offset) {
  SDP_TRY(const auto topic, this->topic());
  SDP_RETURN_IF_ERROR(topic->check_partition(partition));
  topic->delete_below(partition, offset);
  return {};
}

Result<void> MemoryLog::recreate_topic() {
  SDP_TRY(const auto old, topic());
  std::lock_guard lock(mutex_);
  topic_ = std::make_shared<MemoryTopic>(options_, old->info().partitions, base::uuid4(rng_));
  old->retire();
  return {};
}

}  // namespace sdp::log
