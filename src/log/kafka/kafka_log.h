#pragma once

#include <memory>
#include <string>

#include "log/event_log.h"
#include "log/kafka/admin.h"
#include "log/kafka/settings.h"

namespace sdp::log::kafka {

/// One topic of a Kafka cluster. Thread-safe; what it opens is owned by one thread each and may outlive it.
class KafkaLog final : public EventLog {
 public:
  /// Connects to nothing yet: `misconfigured` is all that can go wrong.
  static Result<std::unique_ptr<KafkaLog>> open(KafkaSettings settings, std::string topic);

  const std::string& topic_name() const override { return topic_; }
  Result<bool> ensure_topic(const TopicSpec& spec) override;
  Result<TopicInfo> describe() override { return admin_->describe(); }
  Result<Watermarks> watermarks(Partition partition) override { return admin_->watermarks(partition); }
  Result<std::vector<std::optional<Offset>>> committed(std::string_view group) override {
    return admin_->committed(group);
  }
  Result<std::size_t> members(std::string_view group) override { return admin_->members(group); }
  /// These ask for the topic first, so that a wrong address or name is told at once.
  Result<std::unique_ptr<Producer>> open_producer() override;
  Result<std::unique_ptr<Consumer>> open_consumer(const ConsumerOptions& options) override;
  Result<std::unique_ptr<Reader>> open_reader() override;

 private:
  KafkaLog(KafkaSettings settings, std::string topic, std::shared_ptr<Admin> admin)
      : settings_(std::move(settings)), topic_(std::move(topic)), admin_(std::move(admin)) {}

  const KafkaSettings settings_;
  const std::string topic_;
  const std::shared_ptr<Admin> admin_;
};

}  // namespace sdp::log::kafka
