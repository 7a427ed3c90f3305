// Records per second through a log: `log_bench memory|kafka ADDRESS [RECORDS] [COMPRESSION]`.

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/encoding.h"
#include "log/kafka/kafka_log.h"
#include "log/memory/memory_log.h"

namespace sdp::log {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kUsers = 10'000;
constexpr Partition kPartitions = 6;

/// Listening events in size and compressibility: the fixed parts of the JSON, and random hex as ids.
class Events {
 public:
  Events() {
    for (std::size_t i = 0; i < kUsers; ++i) {
      users_.push_back(base::to_string(base::uuid4(rng_)));
      values_.push_back(fmt::format(
          R"({{"event_id":"{}","event_type":"play","user_id":"{}","song_id":"{}","song_name":"Blinding Lights",)"
          R"("artist_name":"The Weeknd","device_type":"mobile","country":"DE","timestamp":"2026-02-15T17:52:36.{:03}Z",)"
          R"("session_id":"{}","position_ms":{},"duration_ms":200040}})",
          base::to_string(base::uuid4(rng_)), users_.back(), base::to_string(base::uuid4(rng_)),
          rng_.below(1000), base::to_string(base::uuid4(rng_)), rng_.below(200'040)));
    }
  }
  std::string_view key(std::size_t i) const { return users_[i % kUsers]; }
  std::string_view value(std::size_t i) const { return values_[i % kUsers]; }

 private:
  Rng rng_{1};
  std::vector<std::string> users_;
  std::vector<std::string> values_;
};

class Counter final : public ConsumerHandler {
 public:
  Result<std::vector<PartitionOffset>> on_assigned(std::span<const Partition> partitions) override {
    std::vector<PartitionOffset> starts;
    for (const Partition partition : partitions) starts.push_back({partition, 0});
    return starts;
  }
  void on_revoked(std::span<const Partition>, bool) override {}
  Result<void> on_record(const RecordView& record) override {
    ++records;
    bytes += record.value->size();
    sum += static_cast<unsigned char>(record.value->back());
    return {};
  }

  std::size_t records = 0;
  std::size_t bytes = 0;
  std::size_t sum = 0;
};

[[noreturn]] void stop(const Error& error) {
  fmt::print(stderr, "{}\n", error.message);
  std::exit(base::exit_code(error.kind));
}

template <typename T>
T must(Result<T> result) {
  if (!result) stop(result.error());
  return *std::move(result);
}

struct Took {
  double seconds = 0;
  /// Of all threads: what counts on a machine that others use too.
  double cpu_seconds = 0;
};

Took measure(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu_start = std::clock();
  work();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC};
}

void print(std::string_view what, std::size_t records, const Took& took) {
  fmt::print("{:<28} {:>9} records {:>7.3f} s {:>10.0f}/s {:>7.3f} CPU s\n", what, records, took.seconds,
             static_cast<double>(records) / took.seconds, took.cpu_seconds);
}

void produce(EventLog& log, const Events& events, std::size_t records) {
  const auto producer = must(log.open_producer());
  for (std::size_t i = 0; i < records; ++i) {
    if (const auto sent = producer->send(events.key(i), events.value(i)); !sent) stop(sent.error());
  }
  if (!producer->flush(60s) || producer->counts().acked != records) fmt::print("NOT all acked\n");
}

void consume(EventLog& log, std::size_t records) {
  Counter counter;
  const auto consumer = must(log.open_consumer({.group = "bench"}));
  while (counter.records < records) must(consumer->poll(counter, 10'000, 50ms));
}

void run(EventLog& log, const Events& events, std::size_t records, bool fits) {
  if (fits) {
    print("produce", records, measure([&] { produce(log, events, records); }));
    print("consume", records, measure([&] { consume(log, records); }));
    return;
  }
  print("produce and consume at once", records, measure([&] {
          std::jthread producing([&] { produce(log, events, records); });
          consume(log, records);
        }));
}

int main_of(std::span<char*> arguments) {
  const std::string_view kind = arguments.size() > 1 ? arguments[1] : "memory";
  const bool memory = kind == "memory";
  const std::size_t at = memory ? 2 : 3;
  const std::size_t records = arguments.size() > at ? std::strtoull(arguments[at], nullptr, 10) : 1'000'000;
  const Events events;
  fmt::print("records of {} bytes, keys of {}\n", events.value(0).size(), events.key(0).size());
  if (memory) {
    MemoryLog roomy({.topic = "events", .retained_bytes_max = std::size_t{1} << 30}, base::system_clock(),
                    Rng(1));
    must(roomy.ensure_topic({.name = "events", .partitions = kPartitions}));
    run(roomy, events, records, true);
    MemoryLog bounded({.topic = "events", .holds = {{"bench"}}}, base::system_clock(), Rng(1));
    must(bounded.ensure_topic({.name = "events", .partitions = kPartitions}));
    run(bounded, events, records, false);
    return 0;
  }
  kafka::KafkaSettings settings;
  settings.bootstrap_servers = arguments[2];
  if (arguments.size() > 4) settings.properties["compression.type"] = arguments[4];
  const std::string topic =
      fmt::format("bench-{}", std::chrono::steady_clock::now().time_since_epoch().count());
  const auto log = must(kafka::KafkaLog::open(settings, topic));
  must(log->ensure_topic({.name = topic, .partitions = kPartitions}));
  run(*log, events, records, true);
  return 0;
}

}  // namespace
}  // namespace sdp::log

int main(int count, char** arguments) {
  return sdp::log::main_of({arguments, static_cast<std::size_t>(count)});
}
