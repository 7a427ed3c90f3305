#include <fmt/format.h>
#include <unistd.h>

#include <thread>

#include "contract/event_log_contract.h"
#include "log/kafka/client.h"
#include "log/kafka/kafka_log.h"
#include "support/kafka_server.h"
#include "support/patience.h"

namespace sdp::log::kafka {
namespace {

using namespace std::chrono_literals;

KafkaSettings settings_for(const std::string& address) {
  KafkaSettings settings;
  settings.bootstrap_servers = address;
  settings.call_timeout = support::kPatience;
  return settings;
}

std::string fresh_topic() {
  static int topics = 0;
  return fmt::format("contract-{}-{}-{}", ::getpid(),
                     std::chrono::system_clock::now().time_since_epoch().count() % 1'000'000, topics++);
}

/// A record that the broker refused is a failure of the test, and says so.
class Delivered final : public ClientEvents {
 public:
  void on_delivery(const rd_kafka_message_t& message) override {
    EXPECT_EQ(message.err, RD_KAFKA_RESP_ERR_NO_ERROR) << rd_kafka_err2str(message.err);
  }
};

/// A topic on the shared broker. What foreigners do goes through a bare client, past the adapter.
class KafkaPlace final : public LogPlace {
 public:
  KafkaPlace()
      : settings_(settings_for(support::shared_kafka())),
        topic_(fresh_topic()),
        log_(KafkaLog::open(settings_, topic_).value()),
        client_(open_client(Role::producer, settings_, events_).value()) {}
  ~KafkaPlace() override { delete_topic(); }

  EventLog& log() override { return *log_; }
  std::string topic() const override { return topic_; }

  void append(Partition partition, const ForeignRecord& record) override {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(4);
    for (const auto& [name, value] : record.headers) {
      rd_kafka_header_add(headers, name.c_str(), -1, value ? value->data() : nullptr,
                          value ? static_cast<ssize_t>(value->size()) : 0);
    }
    const auto bytes = [](const std::optional<std::string>& text) {
      return text ? const_cast<char*>(text->c_str()) : nullptr;
    };
    const auto size = [](const std::optional<std::string>& text) { return text ? text->size() : 0; };
    ASSERT_EQ(rd_kafka_producev(client_.get(), RD_KAFKA_V_TOPIC(topic_.c_str()),
                                RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                RD_KAFKA_V_KEY(bytes(record.key), size(record.key)),
                                RD_KAFKA_V_VALUE(bytes(record.value), size(record.value)),
                                RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END),
              RD_KAFKA_RESP_ERR_NO_ERROR);
    appended_ = true;
  }

  /// A few kilobytes that grow to more than any reader takes.
  void append_unreadable(Partition partition, std::int32_t count) override {
    settle();
    constexpr std::size_t kGrown = std::size_t{40} << 20;
    const std::vector<Property> properties = {{"compression.type", "gzip"},
                                              {"message.max.bytes", std::to_string(2 * kGrown)},
                                              {"batch.size", std::to_string(2 * kGrown)},
                                              {"linger.ms", "60000"}};
    Delivered events;
    const ClientHandle client = open_client(Role::producer, settings_, events, properties).value();
    const std::string value(kGrown / static_cast<std::size_t>(count), 'a');
    for (std::int32_t i = 0; i < count; ++i) {
      ASSERT_EQ(
          rd_kafka_producev(client.get(), RD_KAFKA_V_TOPIC(topic_.c_str()), RD_KAFKA_V_PARTITION(partition),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                            RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()), RD_KAFKA_V_END),
          RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    // A flush ends the linger.
    ASSERT_EQ(rd_kafka_flush(client.get(), 30'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  void delete_below(Partition partition, Offset offset) override {
    settle();
    const PartitionListHandle list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition)->offset = offset;
    rd_kafka_DeleteRecords_t* request = rd_kafka_DeleteRecords_new(list.get());
    const QueueHandle queue(rd_kafka_queue_new(client_.get()));
    rd_kafka_DeleteRecords(client_.get(), &request, 1, nullptr, queue.get());
    rd_kafka_DeleteRecords_destroy(request);
    const EventHandle event(rd_kafka_queue_poll(queue.get(), 120'000));
    ASSERT_TRUE(event);
    ASSERT_EQ(rd_kafka_event_error(event.get()), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  void recreate(const TopicSpec& spec) override {
    settle();
    delete_topic();
    const auto deadline = std::chrono::steady_clock::now() + support::kPatience;
    // Deleting goes on for a moment after its answer.
    for (;;) {
      const auto created = log_->ensure_topic(spec);
      if (created && *created) return;
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::sleep_for(100ms);
    }
  }

  void settle() override {
    if (std::exchange(appended_, false)) {
      EXPECT_EQ(rd_kafka_flush(client_.get(), 120'000), RD_KAFKA_RESP_ERR_NO_ERROR);
    }
  }

 private:
  void delete_topic() {
    rd_kafka_DeleteTopic_t* request = rd_kafka_DeleteTopic_new(topic_.c_str());
    const QueueHandle queue(rd_kafka_queue_new(client_.get()));
    rd_kafka_DeleteTopics(client_.get(), &request, 1, nullptr, queue.get());
    rd_kafka_DeleteTopic_destroy(request);
    const EventHandle event(rd_kafka_queue_poll(queue.get(), 120'000));
  }

  const KafkaSettings settings_;
  const std::string topic_;
  std::unique_ptr<KafkaLog> log_;
  Delivered events_;
  ClientHandle client_;
  bool appended_ = false;
};

INSTANTIATE_TEST_SUITE_P(Kafka, EventLogContract,
                         ::testing::Values(LogUnderTest{"kafka",
                                                        [] { return std::make_unique<KafkaPlace>(); }}));

/// The group waits for the answer, which comes with the end of the poll. No record does.
TEST(KafkaConsumer, APollEndsWithTheAssignmentThatComesInItsMidst) {
  KafkaPlace place;
  ASSERT_TRUE(place.log().ensure_topic({.name = place.topic(), .partitions = 2}));
  const auto consumer = place.log().open_consumer({.group = place.topic()}).value();
  Recorder recorder;
  const auto begun = std::chrono::steady_clock::now();
  while (recorder.owned.empty()) {
    ASSERT_TRUE(consumer->poll(recorder, 10, support::kPatience));
    ASSERT_LT(std::chrono::steady_clock::now() - begun, support::kPatience);
  }
  EXPECT_TRUE(consumer->close(recorder));
}

TEST(KafkaConsumer, WhoNeverPolledNeverJoined) {
  KafkaPlace place;
  ASSERT_TRUE(place.log().ensure_topic({.name = place.topic(), .partitions = 2}));
  const auto silent = place.log().open_consumer({.group = place.topic()}).value();
  const auto consumer = place.log().open_consumer({.group = place.topic()}).value();
  Recorder recorder;
  while (recorder.owned.empty()) ASSERT_TRUE(consumer->poll(recorder, 10, 50ms));
  EXPECT_EQ(recorder.owned.size(), 2U);
  EXPECT_EQ(place.log().members(place.topic()).value(), 1U);
  EXPECT_TRUE(consumer->close(recorder));
  EXPECT_TRUE(silent->close(recorder));
}

}  // namespace
}  // namespace sdp::log::kafka
