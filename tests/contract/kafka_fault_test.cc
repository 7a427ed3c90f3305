#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <thread>

#include "contract/recorder.h"
#include "log/kafka/client.h"
#include "log/kafka/kafka_log.h"
#include "support/kafka_server.h"
#include "support/patience.h"

namespace sdp::log::kafka {
namespace {

using namespace std::chrono_literals;
using support::kPatience;
using ::testing::HasSubstr;

KafkaSettings settings_for(const std::string& address, std::chrono::milliseconds call_timeout = kPatience) {
  KafkaSettings settings;
  settings.bootstrap_servers = address;
  settings.call_timeout = call_timeout;
  return settings;
}

std::unique_ptr<KafkaLog> open_topic(const std::string& address, const std::string& topic,
                                     Partition partitions) {
  auto log = KafkaLog::open(settings_for(address), topic).value();
  const auto created = log->ensure_topic({.name = topic, .partitions = partitions});
  EXPECT_TRUE(created) << created.error().message;
  return log;
}

void delete_topic(const std::string& address, const std::string& topic) {
  ClientEvents events;
  const auto client = open_client(Role::admin, settings_for(address), events).value();
  rd_kafka_DeleteTopic_t* request = rd_kafka_DeleteTopic_new(topic.c_str());
  const QueueHandle queue(rd_kafka_queue_new(client.get()));
  rd_kafka_DeleteTopics(client.get(), &request, 1, nullptr, queue.get());
  rd_kafka_DeleteTopic_destroy(request);
  const EventHandle event(rd_kafka_queue_poll(queue.get(), 120'000));
  ASSERT_TRUE(event);
}

/// Nothing worse than an outage, which passes.
void poll(Consumer& consumer, ConsumerHandler& handler) {
  const auto polled = consumer.poll(handler, 1'000, 50ms);
  EXPECT_TRUE(polled || polled.error().kind == ErrorKind::retry) << polled.error().message;
}

void send(Producer& producer, int from, int to) {
  for (int i = from; i < to; ++i) ASSERT_TRUE(producer.send("k", std::to_string(i)));
}

TEST(KafkaFault, AWrongAddressIsToldWithTheAddressAndWhatToDo) {
  const std::string address = "127.0.0.1:" + std::to_string(support::free_port());
  const auto log = KafkaLog::open(settings_for(address, 1s), "events").value();
  const auto told = [&](const auto& result) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::unavailable) << result.error().message;
    EXPECT_THAT(result.error().message, HasSubstr("Kafka at " + address));
    EXPECT_THAT(result.error().message, HasSubstr("Connection refused"));
    EXPECT_THAT(result.error().message, HasSubstr("spotify-services up"));
  };
  told(log->describe());
  told(log->watermarks(0));
  told(log->ensure_topic({.name = "events"}));
  told(log->open_consumer({}));
}

TEST(KafkaFault, AHostThatDoesNotExistIsUnavailable) {
  const auto log = KafkaLog::open(settings_for("no-such-host.invalid:9092", 1s), "events").value();
  const auto described = log->describe();
  ASSERT_FALSE(described);
  EXPECT_EQ(described.error().kind, ErrorKind::unavailable) << described.error().message;
  EXPECT_THAT(described.error().message, HasSubstr("no-such-host.invalid"));
}

TEST(KafkaFault, ABrokerThatDiesIsARetryAndAfterItsReturnNothingIsMissing) {
  support::KafkaServer server;
  const auto log = open_topic(server.address(), "events", 1);
  const auto producer = log->open_producer().value();
  const auto consumer = log->open_consumer({.session_timeout = 6s}).value();
  Recorder recorder;
  send(*producer, 0, 100);
  ASSERT_TRUE(producer->flush(kPatience));
  ASSERT_TRUE(support::wait_until(kPatience, [&] {
    poll(*consumer, recorder);
    return recorder.count() == 100;
  }));

  server.kill();
  Error error;
  ASSERT_TRUE(support::wait_until(kPatience, [&] {
    auto polled = consumer->poll(recorder, 1'000, 50ms);
    if (!polled) error = std::move(polled).error();
    return !polled;
  }));
  EXPECT_EQ(error.kind, ErrorKind::retry) << error.message;
  EXPECT_THAT(error.message, HasSubstr(server.address()));
  // An outage is told by every poll, not once.
  EXPECT_FALSE(consumer->poll(recorder, 1'000, 50ms));
  send(*producer, 100, 200);
  EXPECT_EQ(producer->flush(200ms).error().kind, ErrorKind::unavailable);

  server.start();
  ASSERT_TRUE(producer->flush(kPatience));
  EXPECT_EQ(producer->counts().acked, 200U);
  ASSERT_TRUE(support::wait_until(kPatience, [&] {
    poll(*consumer, recorder);
    return recorder.offsets(0).size() >= 200 && recorder.offsets(0).back() == 199;
  }));
}

TEST(KafkaFault, AMemberThatSleptThroughItsTimeIsToldItsPartitionsAreLostAndJoinsAgain) {
  const auto log = open_topic(support::shared_kafka(), "slept-" + std::to_string(::getpid()), 2);
  const auto producer = log->open_producer().value();
  send(*producer, 0, 10);
  ASSERT_TRUE(producer->flush(kPatience));

  class Listener final : public ConsumerHandler {
   public:
    Result<std::vector<PartitionOffset>> on_assigned(std::span<const Partition> partitions) override {
      return recorder.on_assigned(partitions);
    }
    void on_revoked(std::span<const Partition> partitions, bool lost) override {
      was_lost |= lost;
      recorder.on_revoked(partitions, lost);
    }
    Result<void> on_record(const RecordView& record) override { return recorder.on_record(record); }
    Recorder recorder;
    bool was_lost = false;
  };
  const std::string group = "sleepers-" + std::to_string(::getpid());
  const ConsumerOptions quick{.group = group, .session_timeout = 1'500ms, .max_poll_interval = 1'500ms};
  Listener sleeper;
  Listener other;
  const auto first = log->open_consumer(quick).value();
  ASSERT_TRUE(support::wait_until(kPatience, [&] {
    poll(*first, sleeper);
    return sleeper.recorder.count() == 10;
  }));
  const auto second = log->open_consumer(quick).value();
  ASSERT_TRUE(support::wait_until(kPatience, [&] {
    poll(*second, other);
    return other.recorder.owned.size() == 2;
  })) << "the sleeper's partitions were not given to the other member";

  ASSERT_TRUE(support::wait_until(kPatience, [&] {
    poll(*first, sleeper);
    poll(*second, other);
    return sleeper.was_lost && sleeper.recorder.owned.size() == 1 && other.recorder.owned.size() == 1;
  }));
}

/// Records of a topic that was created again, with the consumer's positions in its midst.
class CreatedAgain : public testing::Test {
 protected:
  void open(int records) {
    log_ = open_topic(support::shared_kafka(), topic_, 1);
    fill(0, records);
    consumer_ = log_->open_consumer({.group = topic_}).value();
  }
  void fill(int from, int to) {
    const auto producer = log_->open_producer().value();
    send(*producer, from, to);
    ASSERT_TRUE(producer->flush(kPatience));
  }
  void create_again() {
    delete_topic(support::shared_kafka(), topic_);
    ASSERT_TRUE(support::wait_until(
        kPatience, [&] { return log_->ensure_topic({.name = topic_, .partitions = 1}).value_or(false); }));
  }
  /// Polls until the consumer is told, and expects none of the new topic's records to be confirmed.
  void expect_to_be_told(std::size_t old_records, std::size_t at_a_time) {
    Error error;
    EXPECT_TRUE(support::wait_until(
        kPatience,
        [&] {
          auto polled = consumer_->poll(recorder_, at_a_time, 20ms);
          // Nothing that was delivered until now is confirmed, once there is
          // something of the new topic among it.
          const auto confirmed = consumer_->confirm(0, consumer_->delivery_mark());
          EXPECT_FALSE(recorder_.count() > old_records && confirmed.value_or(false)) << recorder_.count();
          if (!polled && polled.error().kind == ErrorKind::retry) return false;
          if (!polled) error = std::move(polled).error();
          return !polled;
        }))
        << "records now: " << recorder_.count();
    EXPECT_EQ(error.kind, ErrorKind::fenced) << error.message;
  }

  const std::string topic_ = "recreated-" + std::to_string(::getpid()) + "-" +
                             testing::UnitTest::GetInstance()->current_test_info()->name();
  std::unique_ptr<KafkaLog> log_;
  std::unique_ptr<Consumer> consumer_;
  Recorder recorder_;
};

TEST_F(CreatedAgain, ATopicIsNotReadOnSilentlyByWhoHadReadAllOfIt) {
  open(50);
  ASSERT_TRUE(support::wait_until(kPatience, [&] {
    poll(*consumer_, recorder_);
    return recorder_.count() == 50;
  }));
  create_again();
  fill(1'000, 1'200);
  expect_to_be_told(50, 100);
}

/// A slow reader has fetched more of the old topic than it was given: it is delivered something all the time.
TEST_F(CreatedAgain, ATopicIsNotReadOnSilentlyByWhoNeverPaused) {
  constexpr int kRecords = 2'000;
  open(kRecords);
  ASSERT_TRUE(support::wait_until(kPatience, [&] {
    EXPECT_TRUE(consumer_->poll(recorder_, 1, 50ms));
    return recorder_.count() > 0;
  }));
  std::atomic<bool> is_there = false;
  std::jthread creator([&] {
    create_again();
    fill(kRecords, 3 * kRecords);
    is_there = true;
  });
  while (!is_there && consumer_->poll(recorder_, 1, 0ms)) std::this_thread::sleep_for(10ms);
  creator.join();
  expect_to_be_told(kRecords, 1'000);
}

}  // namespace
}  // namespace sdp::log::kafka
