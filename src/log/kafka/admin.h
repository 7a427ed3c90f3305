#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "diag/waiting.h"
#include "log/event_log.h"
#include "log/kafka/client.h"
#include "log/kafka/rights.h"
#include "log/kafka/settings.h"
#include "log/topic.h"
#include "log/topic_watch.h"

namespace sdp::log::kafka {

/// Questions to a cluster about one topic, each within the settings' call timeout. Thread-safe; opening it
/// connects to nothing yet.
class Admin final : private ClientEvents {
 public:
  static Result<std::unique_ptr<Admin>> open(const KafkaSettings& settings, std::string topic);

  /// False when the topic is there already, for which no right to create is needed. Returns when every
  /// partition has a leader.
  Result<bool> create(const TopicSpec& spec);
  Result<TopicInfo> describe();
  /// `fenced` when the topic was deleted and created again, and so is another one now.
  Result<void> check_id(TopicId id);
  /// For the answers to ask_id(). Goes before this does.
  QueueHandle open_answers() const { return QueueHandle(rd_kafka_queue_new(client_.get())); }
  /// Asks the broker for the topic's id, and waits for nothing. One answer comes to the queue, within a few
  /// seconds, if only that there was none.
  void ask_id(BrokerId broker, rd_kafka_queue_t* answers);
  /// What a broker answered: errors as of check_id(), `retry` when it did not tell.
  struct IdAnswer {
    BrokerId broker = 0;
    Result<void> same;
  };
  std::optional<IdAnswer> next_answer(rd_kafka_queue_t* answers, TopicId id);
  Result<Watermarks> watermarks(Partition partition);
  Result<std::vector<std::optional<Offset>>> committed(std::string_view group);
  Result<std::size_t> members(std::string_view group);
  /// What we may do with the topic, with this group and on the cluster.
  Result<Rights> rights(std::string_view group);
  /// Of all records that the topic has, the latest time; nothing when it has none. Needs Describe alone.
  Result<std::optional<base::UtcMillis>> newest_time();

 private:
  struct Description {
    TopicInfo info;
    bool has_leaders = false;
  };

  Admin(KafkaSettings settings, std::string topic)
      : settings_(std::move(settings)), topic_(std::move(topic)) {}

  void on_error(rd_kafka_resp_err_t code, const char* reason) override;
  /// Forgets what was refused before.
  void begin_to_ask();
  /// The code by which a broker refused our login; no error while none did.
  rd_kafka_resp_err_t serve_and_see_refusal();
  /// What an answer tells besides what was asked for.
  enum class Besides { nothing, operations };
  template <typename Ask>
  Result<EventHandle> ask(rd_kafka_admin_op_t operation, const std::string& what, Ask ask,
                          Besides besides = Besides::nothing);
  template <typename Ask>
  EventHandle try_once(rd_kafka_admin_op_t operation, Besides besides, diag::Waiting& waiting, Ask ask);
  /// The brokers as people call them.
  std::string brokers() const;
  void refresh_brokers();
  Error error(std::string_view what, rd_kafka_resp_err_t code, std::string_view detail = {});
  Result<Description> describe_partitions();
  Result<Description> description_in(rd_kafka_event_t* event);
  Result<void> compare(TopicId id, TopicId now) const;
  Result<void> describe_config(TopicInfo& info);
  Result<Operations> operations_on_cluster();
  Result<std::optional<Operations>> operations_on_topic();
  Result<std::optional<Operations>> operations_on_group(std::string_view group);
  Result<void> wait_for_topic(const std::function<bool(const Description&)>& is_ready);

  const KafkaSettings settings_;
  const std::string topic_;
  std::atomic<rd_kafka_resp_err_t> refused_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  ClientHandle client_;
};

}  // namespace sdp::log::kafka
