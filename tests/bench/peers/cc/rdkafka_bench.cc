// librdkafka and nothing else: what its callers can reach at best.
//
//   rdkafka_bench consume TOPIC          reads what is in the topic, and prints how many records
//   rdkafka_bench ids TOPIC              the same, and how many distinct event ids they have
//   rdkafka_bench produce TOPIC FILE     sends "key<tab>value" lines, with the settings of `spotify-pipeline
//                                        simulate`
//
// The address of Kafka is that of KAFKA_BOOTSTRAP_SERVERS. Only `make bench` runs it.

#include <librdkafka/rdkafka.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace {

using Properties = std::vector<std::pair<const char*, const char*>>;

constexpr int kTimeoutMs = 60'000;
constexpr unsigned kSendsPerPoll = 128;
constexpr std::size_t kMessagesAtATime = 10'000;

[[noreturn]] void stop(const char* what, const char* why) {
  std::fprintf(stderr, "rdkafka_bench: %s: %s\n", what, why);
  std::exit(1);
}

[[noreturn]] void stop(const char* what, rd_kafka_resp_err_t code) {
  stop(what, rd_kafka_err2str(code));
}

std::size_t failed = 0;

struct Destroy {
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
  void operator()(const rd_kafka_metadata_t* metadata) const { rd_kafka_metadata_destroy(metadata); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
template <typename T>
using Handle = std::unique_ptr<T, Destroy>;

Handle<rd_kafka_t> open(rd_kafka_type_t type, const Properties& properties) {
  const char* brokers = std::getenv("KAFKA_BOOTSTRAP_SERVERS");
  if (brokers == nullptr) stop("no brokers", "KAFKA_BOOTSTRAP_SERVERS is not set");
  char reason[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  const auto set = [&](const char* name, const char* value) {
    if (rd_kafka_conf_set(conf, name, value, reason, sizeof reason) != RD_KAFKA_CONF_OK) stop(name, reason);
  };
  set("bootstrap.servers", brokers);
  set("message.max.bytes", "10485760");
  for (const auto& [name, value] : properties) set(name, value);
  if (type == RD_KAFKA_PRODUCER) {
    rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void*) {
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) ++failed;
    });
  }
  Handle<rd_kafka_t> client(rd_kafka_new(type, conf, reason, sizeof reason));
  if (!client) stop("no client", reason);
  return client;
}

/// Calls `take` with each record that is in the topic now.
void read(const char* name, const auto& take) {
  const auto client = open(RD_KAFKA_CONSUMER, {{"enable.auto.commit", "false"},
                                               {"check.crcs", "true"},
                                               {"isolation.level", "read_committed"},
                                               {"fetch.wait.max.ms", "100"},
                                               {"fetch.queue.backoff.ms", "10"},
                                               {"queued.max.messages.kbytes", "65536"},
                                               {"fetch.max.bytes", "16777216"}});
  const Handle<rd_kafka_topic_t> topic(rd_kafka_topic_new(client.get(), name, nullptr));
  const rd_kafka_metadata_t* answer = nullptr;
  if (const auto code = rd_kafka_metadata(client.get(), 0, topic.get(), &answer, kTimeoutMs))
    stop(name, code);
  const Handle<const rd_kafka_metadata_t> metadata(answer);
  const Handle<rd_kafka_queue_t> queue(rd_kafka_queue_new(client.get()));
  std::vector<std::int64_t> ends;
  std::int64_t left = 0;
  for (int partition = 0; partition < metadata->topics[0].partition_cnt; ++partition) {
    std::int64_t first = 0;
    std::int64_t end = 0;
    if (const auto code =
            rd_kafka_query_watermark_offsets(client.get(), name, partition, &first, &end, kTimeoutMs))
      stop(name, code);
    ends.push_back(end);
    left += end - first;
    if (rd_kafka_consume_start_queue(topic.get(), partition, first, queue.get()) != 0)
      stop(name, rd_kafka_last_error());
  }
  std::vector<rd_kafka_message_t*> messages(kMessagesAtATime);
  while (left > 0) {
    const auto count =
        rd_kafka_consume_batch_queue(queue.get(), kTimeoutMs, messages.data(), messages.size());
    if (count <= 0) stop(name, "no record came within a minute");
    for (ssize_t i = 0; i < count; ++i) {
      rd_kafka_message_t* message = messages.at(i);
      if (message->err) stop(name, message->err);
      if (message->offset < ends.at(message->partition)) {
        take(*message);
        --left;
      }
      rd_kafka_message_destroy(message);
    }
  }
  for (int partition = 0; partition < metadata->topics[0].partition_cnt; ++partition)
    rd_kafka_consume_stop(topic.get(), partition);
}

std::string_view value_of(const rd_kafka_message_t& message) {
  return {static_cast<const char*>(message.payload), message.len};
}

void consume(const char* topic) {
  std::size_t records = 0;
  read(topic, [&](const rd_kafka_message_t&) { ++records; });
  std::printf("%zu\n", records);
}

void ids(const char* topic) {
  constexpr std::string_view kMember = R"("event_id":")";
  constexpr std::size_t kIdSize = 36;
  std::unordered_set<std::string> found;
  std::size_t records = 0;
  read(topic, [&](const rd_kafka_message_t& message) {
    ++records;
    const auto at = value_of(message).find(kMember);
    if (at != std::string_view::npos) found.emplace(value_of(message).substr(at + kMember.size(), kIdSize));
  });
  std::printf("%zu %zu\n", records, found.size());
}

void produce(const char* name, const char* path) {
  std::ifstream file(path);
  if (!file) stop(path, "cannot be opened");
  const auto client = open(RD_KAFKA_PRODUCER, {{"acks", "all"},
                                               {"enable.idempotence", "true"},
                                               {"partitioner", "murmur2_random"},
                                               {"compression.type", "none"},
                                               {"linger.ms", "10"},
                                               {"queue.buffering.max.kbytes", "65536"},
                                               {"queue.buffering.max.messages", "0"}});
  const Handle<rd_kafka_topic_t> topic(rd_kafka_topic_new(client.get(), name, nullptr));
  std::string line;
  unsigned sends = 0;
  while (std::getline(file, line)) {
    const auto key = line.find('\t');
    if (key == std::string::npos) stop(path, "has a line without a tab");
    char* value = line.data() + key + 1;
    const auto size = line.size() - key - 1;
    while (rd_kafka_produce(topic.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, value, size, line.data(),
                            key, nullptr) != 0) {
      const auto code = rd_kafka_last_error();
      if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) stop("cannot send", code);
      rd_kafka_poll(client.get(), 100);
    }
    if (++sends % kSendsPerPoll == 0) rd_kafka_poll(client.get(), 0);
  }
  if (const auto code = rd_kafka_flush(client.get(), kTimeoutMs)) stop("records are not acknowledged", code);
  if (failed > 0) stop("cannot send", "records were not delivered");
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string_view> words(arguments, std::next(arguments, count));
  if (count == 3 && words[1] == "consume") {
    consume(arguments[2]);
  } else if (count == 3 && words[1] == "ids") {
    ids(arguments[2]);
  } else if (count == 4 && words[1] == "produce") {
    produce(arguments[2], arguments[3]);
  } else {
    stop("usage", "rdkafka_bench consume|ids TOPIC, or produce TOPIC FILE");
  }
  return 0;
}
