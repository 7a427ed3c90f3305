#include "log/kafka/kafka_log.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "log/kafka/kafka_consumer.h"
#include "log/kafka/kafka_producer.h"
#include "log/kafka/kafka_reader.h"

namespace sdp::log::kafka {

Result<std::unique_ptr<KafkaLog>> KafkaLog::open(KafkaSettings settings, std::string topic) {
  SDP_TRY(auto admin, Admin::open(settings, topic));
  return std::unique_ptr<KafkaLog>(new KafkaLog(std::move(settings), std::move(topic), std::move(admin)));
}

Result<bool> KafkaLog::ensure_topic(const TopicSpec& spec) {
  if (spec.name != topic_) {
    return fail(ErrorKind::misconfigured,
                fmt::format("a topic {} was asked of the log of topic {}", spec.name, topic_));
  }
  return admin_->create(spec);
}

Result<std::unique_ptr<Producer>> KafkaLog::open_producer() {
  SDP_TRY(const TopicInfo topic, admin_->describe());
  KafkaSettings settings = settings_;
  settings.compression = topic.compression;
  return KafkaProducer::open(settings, topic_);
}

/// Of a topic whose id is known nothing else is needed, and the consumer asks for that before it reads.
Result<std::unique_ptr<Consumer>> KafkaLog::open_consumer(const ConsumerOptions& options) {
  std::optional<TopicId> id = options.topic_id;
  if (!id) {
    SDP_TRY(const TopicInfo topic, admin_->describe());
    id = topic.id;
  }
  return KafkaConsumer::open(settings_, topic_, *id, options, admin_);
}

Result<std::unique_ptr<Reader>> KafkaLog::open_reader() {
  SDP_RETURN_IF_ERROR(admin_->describe());
  return KafkaReader::open(settings_, topic_, admin_);
}

}  // namespace sdp::log::kafka
