#include "sink/sink_runner.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <utility>

#include "lake/chain.h"
#include "lake/chain_head.h"
#include "lake/hour_marker.h"
#include "lake/line.h"
#include "lake/object_key.h"
#include "lake_reader/lake_reader.h"
#include "log/memory/memory_log.h"
#include "store/memory/faulty_store.h"
#include "store/memory/memory_store.h"
#include "support/patience.h"

namespace sdp::sink {
namespace {

using std::chrono::milliseconds;

/// The machine's clock, set wrong or right from any thread.
class ShiftedClock final : public Clock {
 public:
  UtcMillis utc_now() const override { return base::system_clock().utc_now() + shift_.load(); }
  SteadyTime steady_now() const override { return base::system_clock().steady_now(); }
  void sleep_for(milliseconds duration) override { base::system_clock().sleep_for(duration); }
  void shift(milliseconds by) { shift_ = shift_.load() + by; }

 private:
  std::atomic<milliseconds> shift_{milliseconds(0)};
};

/// A consumer to which one record comes, and the others not before a certain time, as under a broker's quota.
class SilentConsumer final : public log::Consumer {
 public:
  SilentConsumer(std::unique_ptr<log::Consumer> consumer, SteadyTime until)
      : consumer_(std::move(consumer)), until_(until) {}

  Result<std::size_t> poll(log::ConsumerHandler& handler, std::size_t records_max,
                           milliseconds timeout) override {
    if (polls_++ == 0) return consumer_->poll(handler, 1, timeout);
    if (base::system_clock().steady_now() >= until_) return consumer_->poll(handler, records_max, timeout);
    base::system_clock().sleep_for(timeout);
    return 0;
  }
  Result<void> seek(log::PartitionOffset position) override { return consumer_->seek(position); }
  Result<void> pause(log::Partition partition) override { return consumer_->pause(partition); }
  Result<void> resume(log::Partition partition) override { return consumer_->resume(partition); }
  Result<void> commit(std::span<const log::PartitionOffset> positions) override {
    return consumer_->commit(positions);
  }
  log::DeliveryMark delivery_mark() const override { return consumer_->delivery_mark(); }
  Result<bool> confirm(log::Partition partition, log::DeliveryMark mark) override {
    return consumer_->confirm(partition, mark);
  }
  Result<void> close(log::ConsumerHandler& handler) override { return consumer_->close(handler); }

 private:
  std::unique_ptr<log::Consumer> consumer_;
  SteadyTime until_;
  int polls_ = 0;
};

/// What a log tells of whether the topic is still the same one, and how often it was asked.
struct Confirmations {
  std::atomic<bool> is_told = true;  ///< to questions of later records
  std::atomic<bool> created_again = false;
  std::atomic<int> seeks = 0;
};

/// A consumer that goes by what the test says of its topic.
class DoubtfulConsumer final : public log::Consumer {
 public:
  DoubtfulConsumer(std::unique_ptr<log::Consumer> consumer, Confirmations& confirmations)
      : consumer_(std::move(consumer)), confirmations_(confirmations) {}

  Result<std::size_t> poll(log::ConsumerHandler& handler, std::size_t records_max,
                           milliseconds timeout) override {
    ++polls_;
    return consumer_->poll(handler, records_max, timeout);
  }
  Result<void> seek(log::PartitionOffset position) override {
    ++confirmations_.seeks;
    return consumer_->seek(position);
  }
  Result<void> pause(log::Partition partition) override { return consumer_->pause(partition); }
  Result<void> resume(log::Partition partition) override { return consumer_->resume(partition); }
  Result<void> commit(std::span<const log::PartitionOffset> positions) override {
    return consumer_->commit(positions);
  }
  log::DeliveryMark delivery_mark() const override { return polls_; }
  Result<bool> confirm(log::Partition, log::DeliveryMark) override {
    if (confirmations_.created_again) return fail(ErrorKind::fenced, "created again");
    return confirmations_.is_told.load();
  }
  Result<void> close(log::ConsumerHandler& handler) override { return consumer_->close(handler); }

 private:
  std::unique_ptr<log::Consumer> consumer_;
  Confirmations& confirmations_;
  log::DeliveryMark polls_ = 0;
};

/// A member of a group that takes what it is given and makes nothing of it durable.
class IdleMember final : public log::ConsumerHandler {
 public:
  Result<std::vector<log::PartitionOffset>> on_assigned(std::span<const log::Partition> partitions) override {
    std::vector<log::PartitionOffset> starts;
    for (const log::Partition partition : partitions) starts.push_back({partition, 0});
    owned += partitions.size();
    return starts;
  }
  void on_revoked(std::span<const log::Partition> partitions, bool) override { owned -= partitions.size(); }
  Result<void> on_record(const log::RecordView&) override { return {}; }

  std::atomic<std::size_t> owned = 0;
};

/// A log whose partitions have no leader when first asked for: the first `times` questions fail. What it
/// opens is silent for `silence`.
class LeaderlessLog final : public log::EventLog {
 public:
  LeaderlessLog(log::EventLog& log, int times, milliseconds silence = milliseconds(0))
      : log_(log), times_(times), silence_(silence) {}

  void doubt(Confirmations& confirmations) { confirmations_ = &confirmations; }
  /// The broker of this partition is dead: questions to it take their time, and fail.
  void kill_broker_of(log::Partition partition) { dead_ = partition; }

  Result<log::Watermarks> watermarks(log::Partition partition) override {
    if (partition == dead_) {
      base::system_clock().sleep_for(milliseconds(500));
      return fail(ErrorKind::unavailable, "no answer");
    }
    if (times_-- > 0) return fail(ErrorKind::unavailable, "no leader");
    return log_.watermarks(partition);
  }
  const std::string& topic_name() const override { return log_.topic_name(); }
  Result<bool> ensure_topic(const log::TopicSpec& spec) override { return log_.ensure_topic(spec); }
  Result<log::TopicInfo> describe() override { return log_.describe(); }
  Result<std::vector<std::optional<log::Offset>>> committed(std::string_view group) override {
    return log_.committed(group);
  }
  Result<std::size_t> members(std::string_view group) override { return log_.members(group); }
  Result<std::unique_ptr<log::Producer>> open_producer() override { return log_.open_producer(); }
  Result<std::unique_ptr<log::Consumer>> open_consumer(const log::ConsumerOptions& options) override {
    SDP_TRY(auto consumer, log_.open_consumer(options));
    if (confirmations_ != nullptr)
      return std::make_unique<DoubtfulConsumer>(std::move(consumer), *confirmations_);
    if (silence_.count() == 0) return consumer;
    return std::make_unique<SilentConsumer>(std::move(consumer),
                                            base::system_clock().steady_now() + silence_);
  }
  Result<std::unique_ptr<log::Reader>> open_reader() override { return log_.open_reader(); }

 private:
  log::EventLog& log_;
  std::atomic<int> times_;
  const milliseconds silence_;
  log::Partition dead_ = -1;
  Confirmations* confirmations_ = nullptr;
};

/// Producers with transactions side by side on every partition, and what a reader is to be given of what they
/// did.
class Transactions {
 public:
  Transactions(log::MemoryLog& log, log::Partition partitions, std::uint64_t seed)
      : log_(log), rng_(seed), entries_(static_cast<std::size_t>(partitions)) {}

  void step() {
    const auto partition = static_cast<log::Partition>(rng_.below(entries_.size()));
    const double draw = rng_.uniform();
    if (draw < 0.4) {
      append(partition, std::nullopt);
    } else if (draw < 0.8) {
      append(partition, producer());
    } else if (draw < 0.95) {
      end(partition, producer(), rng_.chance(0.5));
    } else {
      ASSERT_TRUE(log_.elect(partition));
    }
  }

  void end_all() {
    for (std::size_t partition = 0; partition < entries_.size(); ++partition) {
      for (log::TransactionalId id = 0; id < kProducers; ++id)
        end(static_cast<log::Partition>(partition), id, rng_.chance(0.5));
    }
  }

  std::multiset<std::string> settled() const {
    std::multiset<std::string> values;
    for (const auto& partition : entries_) {
      for (const Entry& entry : partition) {
        if (entry.open) break;
        if (!entry.aborted) values.insert(entry.value);
      }
    }
    return values;
  }

 private:
  static constexpr log::TransactionalId kProducers = 3;

  struct Entry {
    std::string value;
    std::optional<log::TransactionalId> open;
    bool aborted = false;
  };

  log::TransactionalId producer() { return static_cast<log::TransactionalId>(rng_.below(kProducers)); }

  void append(log::Partition partition, std::optional<log::TransactionalId> id) {
    const std::string value = fmt::format(R"({{"n":{}}})", next_++);
    const log::RecordBytes record{base::system_clock().utc_now(), "k", value, {}};
    ASSERT_TRUE(id ? log_.append_open(partition, *id, record) : log_.append(partition, record));
    entries_.at(static_cast<std::size_t>(partition)).push_back({value, id, false});
  }

  void end(log::Partition partition, log::TransactionalId id, bool commit) {
    ASSERT_TRUE(log_.end_transaction(partition, id,
                                     commit ? log::TransactionEnd::commit : log::TransactionEnd::abort));
    for (Entry& entry : entries_.at(static_cast<std::size_t>(partition))) {
      if (entry.open != id) continue;
      entry.open.reset();
      entry.aborted = !commit;
    }
  }

  log::MemoryLog& log_;
  Rng rng_;
  std::vector<std::vector<Entry>> entries_;
  int next_ = 0;
};

class SinkRunnerTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(log_.ensure_topic({.name = "spotify-events", .partitions = 3})); }

  SinkOptions options() {
    SinkOptions options;
    options.limits.records_max = 10;
    options.poll_timeout = milliseconds(5);
    return options;
  }

  void send(int from, int to) {
    auto producer = log_.open_producer();
    ASSERT_TRUE(producer);
    for (int i = from; i < to; ++i) {
      ASSERT_TRUE((*producer)->send(fmt::format("user-{}", i % 7), fmt::format(R"({{"n":{}}})", i)));
    }
    ASSERT_TRUE((*producer)->flush(support::kPatience));
  }

  Result<void> drain(store::ObjectStore& store, const SinkOptions& options) {
    SinkObserver observer;
    SinkRunner runner(log_, store, base::system_clock(), options, observer);
    runner.finish_when_caught_up();
    return runner.run({});
  }

  /// The payloads in the lake; a chain that does not tile, or an offset that stands twice, fails the test.
  std::multiset<std::string> payloads() {
    std::multiset<std::string> found;
    std::map<lake::ChainId, std::vector<lake::Link>> chains;
    lake::LineDecoder decoder;
    EXPECT_TRUE(store_.list("bronze/date=", [&](const store::ListedObject& listed) {
      const auto object = store_.get(listed.key);
      const auto meta = lake::meta_from(object->metadata);
      chains[meta->chain].push_back({listed.key, meta->range});
      std::string_view rest = object->body;
      while (!rest.empty()) {
        const auto text = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(text.size() + 1);
        const auto line = decoder.decode(text);
        EXPECT_TRUE(line) << listed.key;
        found.insert(std::string(line->payload.value_or("null")));
      }
      return true;
    }));
    for (const auto& [chain, links] : chains) {
      for (const Error& problem : check_chain(chain, 0, links, {}).problems) ADD_FAILURE() << problem.message;
    }
    return found;
  }

  static std::multiset<std::string> expected(int to) {
    std::multiset<std::string> payloads;
    for (int i = 0; i < to; ++i) payloads.insert(fmt::format(R"({{"n":{}}})", i));
    return payloads;
  }

  void append(std::optional<std::string_view> value) {
    log::RecordBytes record;
    record.value = value;
    ASSERT_TRUE(log_.append(0, record));
  }

  /// Runs a sink until the lake says that the hour is complete; the hour's records.
  std::int64_t sink_until_complete(lake::Hour hour) {
    SinkObserver observer;
    SinkRunner runner(log_, store_, clock_, options(), observer);
    std::jthread sink([&](const std::stop_token& stop) { EXPECT_TRUE(runner.run(stop)); });
    const auto deadline = std::chrono::steady_clock::now() + support::kPatience;
    while (!is_complete(hour, markers(hour), begins())) {
      if (std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << lake::format_hour(hour) << " is not complete";
        break;
      }
      std::this_thread::sleep_for(milliseconds(1));
    }
    std::int64_t records = 0;
    for (const lake::HourMarker& marker : markers(hour)) records += marker.records;
    return records;
  }

  std::vector<lake::HourMarker> markers(lake::Hour hour) {
    std::vector<lake::HourMarker> all;
    EXPECT_TRUE(store_.list(lake::Places().hour_folder(hour), [&](const store::ListedObject& object) {
      all.push_back(lake::hour_marker_from_json(store_.get(object.key)->body).value());
      return true;
    }));
    return all;
  }
  std::vector<lake::ChainBegin> begins() {
    std::vector<lake::ChainBegin> all;
    EXPECT_TRUE(store_.list("_pipeline/hours/begin/", [&](const store::ListedObject& object) {
      all.push_back(lake::chain_begin_from_json(store_.get(object.key)->body).value());
      return true;
    }));
    return all;
  }

  ShiftedClock clock_;
  log::MemoryLog log_{{}, clock_, Rng(1)};
  store::MemoryStore store_;
};

TEST_F(SinkRunnerTest, EverythingSentIsInTheLakeOnce) {
  send(0, 500);
  const auto result = drain(store_, options());
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(payloads(), expected(500));
}

TEST_F(SinkRunnerTest, WhatEndsMeanwhileDoesNotWaitForTheEndOfAPoll) {
  send(0, 5);
  SinkOptions patient = options();
  patient.poll_timeout = support::kPatience;
  const SteadyTime begun = base::system_clock().steady_now();
  const auto result = drain(store_, patient);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_LT(base::system_clock().steady_now() - begun, support::kPatience);
  EXPECT_EQ(payloads(), expected(5));
}

/// At its start, in its midst, two in a row and at its end, beside partitions that have none.
TEST_F(SinkRunnerTest, BatchesThatCannotBeReadStopNoPartition) {
  const auto bad = [&](std::int32_t count) { ASSERT_TRUE(log_.append_unreadable(0, count)); };
  bad(4);
  for (int i = 1000; i < 1003; ++i) append(fmt::format(R"({{"n":{}}})", i));
  bad(30);
  bad(1);
  append(R"({"n":1003})");
  bad(2);
  send(0, 100);
  const auto first = drain(store_, options());
  ASSERT_TRUE(first) << first.error().message;
  auto all = expected(100);
  for (int i = 1000; i < 1004; ++i) all.insert(fmt::format(R"({{"n":{}}})", i));
  for (int i = 0; i < 4; ++i) all.insert("null");
  EXPECT_EQ(payloads(), all);

  bad(3);
  const auto second = drain(store_, options());
  ASSERT_TRUE(second) << second.error().message;
  all.insert("null");
  EXPECT_EQ(payloads(), all);
}

TEST_F(SinkRunnerTest, AnObjectOfABatchThatCannotBeReadIsFollowedWithoutAHint) {
  ASSERT_TRUE(log_.append_unreadable(0, 5));
  ASSERT_TRUE(drain(store_, options()));
  store::MemoryStore copy;
  ASSERT_TRUE(store_.list("", [&](const store::ListedObject& listed) {
    const auto object = store_.get(listed.key);
    if (!listed.key.starts_with("_pipeline/heads")) {
      EXPECT_TRUE(copy.put_new(listed.key, object->body, object->metadata, "application/x-ndjson"));
    }
    return true;
  }));
  append(R"({"n":0})");
  const auto again = drain(copy, options());
  ASSERT_TRUE(again) << again.error().message;
}

TEST_F(SinkRunnerTest, NextRunGoesOnWhereTheLastOneStopped) {
  send(0, 55);
  ASSERT_TRUE(drain(store_, options()));
  send(55, 120);
  ASSERT_TRUE(drain(store_, options()));
  EXPECT_EQ(payloads(), expected(120));
}

TEST_F(SinkRunnerTest, AnotherGroupDoublesNothing) {
  send(0, 55);
  ASSERT_TRUE(drain(store_, options()));
  SinkOptions other = options();
  other.consumer.group = "another-group";
  other.limits.records_max = 7;
  ASSERT_TRUE(drain(store_, other));
  EXPECT_EQ(payloads(), expected(55));
}

TEST_F(SinkRunnerTest, StopMakesOpenBatchesDurable) {
  send(0, 33);
  SinkObserver observer;
  SinkOptions patient = options();
  patient.limits = {.records_max = 1'000'000, .linger = std::chrono::hours(1), .idle = std::chrono::hours(1)};
  SinkRunner runner(log_, store_, base::system_clock(), patient, observer);
  Result<void> result;
  {
    std::jthread sink([&](const std::stop_token& stop) { result = runner.run(stop); });
    while (runner.metrics().records_read < 33) std::this_thread::sleep_for(milliseconds(1));
    EXPECT_EQ(payloads().size(), 0u);
  }
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(payloads(), expected(33));
}

TEST_F(SinkRunnerTest, UploadsThatTakeLongerThanAStopMayAreAnError) {
  send(0, 33);
  const auto before = [](const store::StoreCall& call) {
    if (call.op == store::StoreOp::put_new && call.key.starts_with("bronze/date="))
      std::this_thread::sleep_for(milliseconds(500));
  };
  store::FaultyStore slow(store_, store::scripted_faults(store::StoreOp::put_new, {}), {before, {}});
  SinkOptions hurried = options();
  hurried.shutdown_max = milliseconds(100);
  SinkObserver observer;
  SinkRunner runner(log_, slow, base::system_clock(), hurried, observer);
  Result<void> result;
  {
    std::jthread sink([&](const std::stop_token& stop) { result = runner.run(stop); });
    while (runner.metrics().records_read < 33) std::this_thread::sleep_for(milliseconds(1));
  }
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::unavailable);
  EXPECT_NE(result.error().message.find("uploads did not finish"), std::string::npos)
      << result.error().message;
}

TEST_F(SinkRunnerTest, TwoSinksOfOneGroupShareTheWork) {
  SinkObserver observer;
  SinkRunner first(log_, store_, base::system_clock(), options(), observer);
  SinkRunner second(log_, store_, base::system_clock(), options(), observer);
  {
    std::jthread one([&](const std::stop_token& stop) { EXPECT_TRUE(first.run(stop)); });
    std::jthread two([&](const std::stop_token& stop) { EXPECT_TRUE(second.run(stop)); });
    send(0, 2'000);
    while (first.metrics().records_durable + second.metrics().records_durable < 2'000) {
      std::this_thread::sleep_for(milliseconds(1));
    }
  }
  EXPECT_EQ(payloads(), expected(2'000));
}

TEST_F(SinkRunnerTest, RecreatedTopicStartsNewChains) {
  send(0, 20);
  ASSERT_TRUE(drain(store_, options()));
  ASSERT_TRUE(log_.recreate_topic());
  send(20, 50);
  ASSERT_TRUE(drain(store_, options()));
  EXPECT_EQ(payloads(), expected(50));
}

TEST_F(SinkRunnerTest, NothingIsUploadedBeforeItIsKnownToBeOfTheTopic) {
  send(0, 200);
  Confirmations confirmations;
  confirmations.is_told = false;
  LeaderlessLog log(log_, 0);
  log.doubt(confirmations);
  SinkObserver observer;
  SinkRunner runner(log, store_, base::system_clock(), options(), observer);
  runner.finish_when_caught_up();
  Result<void> ended;
  {
    std::jthread sink([&] { ended = runner.run({}); });
    std::this_thread::sleep_for(milliseconds(100));
    EXPECT_TRUE(payloads().empty());
    confirmations.is_told = true;
  }
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(payloads(), expected(200));
}

TEST_F(SinkRunnerTest, NothingIsUploadedOfATopicThatWasCreatedAgain) {
  send(0, 200);
  Confirmations confirmations;
  confirmations.is_told = false;
  LeaderlessLog log(log_, 0);
  log.doubt(confirmations);
  SinkObserver observer;
  SinkRunner runner(log, store_, base::system_clock(), options(), observer);
  Result<void> ended;
  {
    std::jthread sink([&](const std::stop_token& stop) { ended = runner.run(stop); });
    std::this_thread::sleep_for(milliseconds(50));
    confirmations.created_again = true;
    // A stop does not upload it either.
    sink.request_stop();
  }
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind, ErrorKind::fenced);
  EXPECT_TRUE(payloads().empty());
}

TEST_F(SinkRunnerTest, WhatNobodyCanTellOfIsReadAgain) {
  send(0, 200);
  Confirmations confirmations;
  confirmations.is_told = false;
  LeaderlessLog log(log_, 0);
  log.doubt(confirmations);
  SinkOptions hasty = options();
  hasty.timers.topic_answer_max = milliseconds(30);
  SinkObserver observer;
  SinkRunner runner(log, store_, base::system_clock(), hasty, observer);
  runner.finish_when_caught_up();
  Result<void> ended;
  {
    std::jthread sink([&] { ended = runner.run({}); });
    const SteadyTime deadline = base::system_clock().steady_now() + support::kPatience;
    while (confirmations.seeks <= 2 && base::system_clock().steady_now() < deadline)
      std::this_thread::sleep_for(milliseconds(1));
    EXPECT_GT(confirmations.seeks, 2);
    EXPECT_TRUE(payloads().empty());
    confirmations.is_told = true;
  }
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(payloads(), expected(200));
}

TEST_F(SinkRunnerTest, BadRecordsAreKeptAsRejectedLinesAndBlockNothing) {
  append("not json");
  append(std::nullopt);
  append(R"({"n":0})");
  ASSERT_TRUE(drain(store_, options()));
  EXPECT_EQ(payloads(), (std::multiset<std::string>{"bm90IGpzb24=", "null", R"({"n":0})"}));
}

TEST_F(SinkRunnerTest, PutWhoseAnswerWasLostIsNotRepeatedByTheNextRun) {
  send(0, 40);
  store::FaultyStore faulty(
      store_, store::scripted_faults(store::StoreOp::put_new,
                                     {store::Fault::none, store::Fault::none, store::Fault::none,
                                      store::Fault::error_after, store::Fault::error_before}));
  const auto broken = drain(faulty, options());
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().kind, ErrorKind::unavailable);
  ASSERT_TRUE(drain(store_, options()));
  EXPECT_EQ(payloads(), expected(40));
}

TEST_F(SinkRunnerTest, PartitionThatWaitsForASlowUploadIsNotCaughtUp) {
  send(0, 300);
  std::atomic<bool> slow{true};
  const auto before = [&](const store::StoreCall& call) {
    // Longer than any of the sink's timers.
    if (call.op == store::StoreOp::put_new && call.key.starts_with("bronze/date=") && slow.exchange(false))
      std::this_thread::sleep_for(milliseconds(3'500));
  };
  store::FaultyStore store(store_, store::scripted_faults(store::StoreOp::put_new, {}), {before, {}});
  SinkOptions small_polls = options();
  small_polls.poll_records_max = 20;
  ASSERT_TRUE(drain(store, small_polls));
  EXPECT_EQ(payloads(), expected(300));
}

TEST_F(SinkRunnerTest, PartitionWithoutLeaderWhenItIsAssignedIsWaitedFor) {
  send(0, 40);
  LeaderlessLog leaderless(log_, 2);
  SinkObserver observer;
  SinkRunner runner(leaderless, store_, base::system_clock(), options(), observer);
  runner.finish_when_caught_up();
  ASSERT_TRUE(runner.run({}));
  EXPECT_EQ(runner.metrics().outages, 2);  // one each of two partitions
  EXPECT_EQ(payloads(), expected(40));
}

TEST_F(SinkRunnerTest, SilenceIsNotTheEnd) {
  send(0, 40);
  LeaderlessLog silent(log_, 0, milliseconds(3'500));
  SinkObserver observer;
  SinkRunner runner(silent, store_, base::system_clock(), options(), observer);
  runner.finish_when_caught_up();
  ASSERT_TRUE(runner.run({}));
  EXPECT_EQ(payloads(), expected(40));
}

TEST_F(SinkRunnerTest, PartitionsWhoseEndCannotBeAskedForAreWaitedFor) {
  send(0, 40);
  LeaderlessLog leaderless(log_, 5);
  SinkObserver observer;
  SinkRunner runner(leaderless, store_, base::system_clock(), options(), observer);
  runner.finish_when_caught_up();
  ASSERT_TRUE(runner.run({}));
  EXPECT_GT(runner.metrics().outages, 0);
  EXPECT_EQ(payloads(), expected(40));
}

TEST_F(SinkRunnerTest, PartitionsWhoseEndCannotBeAskedForForTooLongEndTheRun) {
  send(0, 40);
  LeaderlessLog leaderless(log_, 1'000'000);
  SinkOptions hasty = options();
  hasty.outage_max = milliseconds(300);
  SinkObserver observer;
  SinkRunner runner(leaderless, store_, base::system_clock(), hasty, observer);
  runner.finish_when_caught_up();
  const auto ended = runner.run({});
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind, ErrorKind::unavailable) << ended.error().message;
}

TEST_F(SinkRunnerTest, WhatTransactionsLeaveAtTheEndIsCaughtUpAndCommitted) {
  append(R"({"n":0})");
  append(R"({"n":1})");
  ASSERT_TRUE(log_.append_mark(0));
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(log_.append_mark(1));
  const SinkOptions once = options();
  const auto result = drain(store_, once);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(payloads(), expected(2));
  const auto committed = log_.committed(once.consumer.group).value();
  EXPECT_EQ(committed[0], 3);
  EXPECT_EQ(committed[1], 4);
  // The chain goes on where its last object ended.
  append(R"({"n":2})");
  ASSERT_TRUE(drain(store_, once));
  EXPECT_EQ(payloads(), expected(3));
}

TEST_F(SinkRunnerTest, OfTransactionsTheLakeHasWhatWasCommittedUpToTheFirstOpenOne) {
  Transactions transactions(log_, 3, 7);
  for (int round = 0; round < 25; ++round) {
    for (int i = 0; i < 40; ++i) transactions.step();
    const auto result = drain(store_, options());
    ASSERT_TRUE(result) << result.error().message;
    ASSERT_EQ(payloads(), transactions.settled()) << "round " << round;
  }
  transactions.end_all();
  ASSERT_TRUE(drain(store_, options()));
  EXPECT_EQ(payloads(), transactions.settled());
  EXPECT_GT(payloads().size(), 400U);
}

TEST_F(SinkRunnerTest, AnUncleanElectionThatTookRecordsOfTheLakeStopsTheSinkBeforeItPuts) {
  const auto append_now = [&](const char* value) {
    ASSERT_TRUE(log_.append(0, {base::system_clock().utc_now(), "k", value, {}}));
  };
  ASSERT_EQ(log_.elect(0), 1);
  for (int i = 0; i < 5; ++i) append_now(R"({"n":1})");
  ASSERT_TRUE(drain(store_, options()));
  ASSERT_EQ(payloads().size(), 5U);
  // The new leader had three of the five, and got others since.
  ASSERT_TRUE(log_.truncate(0, 3));
  ASSERT_EQ(log_.elect(0), 2);
  for (int i = 0; i < 10; ++i) append_now(R"({"n":2})");
  const auto result = drain(store_, options());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::data_gap) << result.error().message;
  EXPECT_EQ(payloads().size(), 5U);
}

TEST_F(SinkRunnerTest, WhatIsBehindAnAdoptedRangeIsReadAgainBeforeTheSinkIsCaughtUp) {
  for (int i = 0; i < 20; ++i) append(fmt::format(R"({{"n":{}}})", i));
  ASSERT_TRUE(log_.append_mark(0));
  std::atomic<bool> raced{false};
  // Another writer commits the first three at our place, just before us.
  const auto before = [&](const store::StoreCall& call) {
    if (call.op != store::StoreOp::put_new || !call.key.starts_with("bronze/date=") || raced.exchange(true))
      return;
    std::string lines;
    lake::LineEncoder encoder;
    lake::ObjectMeta meta;
    EXPECT_TRUE(log_.open_reader().value()->read_all(0, 0, 3, support::kPatience,
                                                     [&](const log::RecordView& record) -> Result<void> {
                                                       if (record.offset == 0)
                                                         meta.first_timestamp = record.timestamp;
                                                       meta.last_timestamp = record.timestamp;
                                                       encoder.append(lines, record);
                                                       return {};
                                                     }));
    meta.topic = "spotify-events";
    meta.chain = {log_.describe()->id, 0};
    meta.range = {0, 3};
    meta.records = 3;
    meta.sha256 = std::string(64, '0');
    meta.writer = "another";
    EXPECT_TRUE(store_.put_new(call.key, lines, lake::to_metadata(meta), "application/x-ndjson"));
  };
  store::FaultyStore store(store_, store::scripted_faults(store::StoreOp::put_new, {}), {before, {}});
  SinkOptions one_object = options();
  one_object.limits = {.records_max = 1'000, .linger = std::chrono::hours(1), .idle = std::chrono::hours(1)};
  const auto result = drain(store, one_object);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(raced);
  EXPECT_EQ(payloads(), expected(20));
}

TEST_F(SinkRunnerTest, PartitionsOfAMemberThatMakesNothingDurableAreGivenUpAndNamed) {
  for (const log::Partition partition : {0, 1, 2})
    ASSERT_TRUE(log_.append(partition, {clock_.utc_now(), "k", R"({"n":1})", {}}));
  SinkOptions hasty = options();
  hasty.consumer.session_timeout = milliseconds(300);
  hasty.timers.others_are_late = milliseconds(100);
  hasty.timers.others_check_interval = milliseconds(20);
  auto idle = log_.open_consumer(hasty.consumer).value();
  IdleMember member;
  ASSERT_TRUE(idle->poll(member, 1, milliseconds(0)));
  ASSERT_EQ(member.owned, 3U);
  SinkObserver observer;
  SinkRunner runner(log_, store_, base::system_clock(), hasty, observer);
  runner.finish_when_caught_up();
  Result<void> ended;
  {
    std::jthread sink([&] { ended = runner.run({}); });
    while (member.owned == 3) ASSERT_TRUE(idle->poll(member, 1, milliseconds(1)));
  }
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind, ErrorKind::retry);
  EXPECT_NE(ended.error().message.find("other members of group"), std::string::npos) << ended.error().message;
  EXPECT_GT(payloads().size(), 0U);
  EXPECT_LT(payloads().size(), 3U);
}

TEST_F(SinkRunnerTest, PartitionsOfOthersThatAreInTheLakeButForWhatTransactionsLeaveAreWaitedForNoLonger) {
  send(0, 60);
  ASSERT_TRUE(drain(store_, options()));
  for (const log::Partition partition : {0, 1, 2}) ASSERT_TRUE(log_.append_mark(partition));
  auto idle = log_.open_consumer(options().consumer).value();
  IdleMember member;
  ASSERT_TRUE(idle->poll(member, 1, milliseconds(0)));
  SinkObserver observer;
  SinkRunner runner(log_, store_, base::system_clock(), options(), observer);
  runner.finish_when_caught_up();
  Result<void> ended;
  {
    std::jthread sink([&] { ended = runner.run({}); });
    while (member.owned == 3) ASSERT_TRUE(idle->poll(member, 1, milliseconds(1)));
  }
  EXPECT_TRUE(ended) << ended.error().message;
}

TEST_F(SinkRunnerTest, HourOfAPartitionThatEndsInWhatTransactionsLeaveIsClosedByTheClock) {
  send(0, 60);
  const lake::Hour hour = lake::hour_of(clock_.utc_now());
  ASSERT_TRUE(drain(store_, options()));
  for (const log::Partition partition : {0, 1, 2}) ASSERT_TRUE(log_.append_mark(partition));
  clock_.shift(hour + std::chrono::hours(1) + std::chrono::minutes(1) - clock_.utc_now() + milliseconds(50));
  EXPECT_EQ(sink_until_complete(hour), 60);
}

TEST_F(SinkRunnerTest, ATopicThatDoesNotExistIsWaitedForAsLongAsWasAskedAndNotCreated) {
  log::MemoryLog empty({}, clock_, Rng(2));
  SinkOptions patient = options();
  patient.topic_wait = milliseconds(400);
  SinkObserver observer;
  SinkRunner runner(empty, store_, base::system_clock(), patient, observer);
  runner.finish_when_caught_up();
  const SteadyTime begun = base::system_clock().steady_now();
  const auto ended = runner.run({});
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind, ErrorKind::misconfigured);
  EXPECT_NE(ended.error().message.find("spotify-pipeline init"), std::string::npos) << ended.error().message;
  EXPECT_GE(base::system_clock().steady_now() - begun, patient.topic_wait);
  EXPECT_FALSE(empty.describe());
}

TEST_F(SinkRunnerTest, ATopicThatIsCreatedWhileItIsWaitedForIsRead) {
  log::MemoryLog late({}, clock_, Rng(2));
  SinkOptions patient = options();
  patient.topic_wait = support::kPatience;
  SinkObserver observer;
  SinkRunner runner(late, store_, base::system_clock(), patient, observer);
  runner.finish_when_caught_up();
  Result<void> ended;
  {
    std::jthread sink([&] { ended = runner.run({}); });
    std::this_thread::sleep_for(milliseconds(150));
    ASSERT_TRUE(late.ensure_topic({.name = "spotify-events", .partitions = 1}));
  }
  EXPECT_TRUE(ended) << ended.error().message;
}

TEST_F(SinkRunnerTest, AStopEndsTheWaitForATopic) {
  log::MemoryLog empty({}, clock_, Rng(2));
  SinkOptions patient = options();
  patient.topic_wait = std::chrono::hours(1);
  SinkObserver observer;
  SinkRunner runner(empty, store_, base::system_clock(), patient, observer);
  Result<void> ended;
  {
    std::jthread sink([&](const std::stop_token& stop) { ended = runner.run(stop); });
    std::this_thread::sleep_for(milliseconds(50));
  }
  EXPECT_TRUE(ended) << ended.error().message;
}

TEST_F(SinkRunnerTest, HoursOfATopicWithProducersTimeStampsAreClosedByTheClock) {
  log::MemoryLog log({.timestamp_type = log::TimestampType::create_time}, clock_, Rng(3));
  ASSERT_TRUE(log.ensure_topic({.name = "spotify-events", .partitions = 2}));
  const lake::Hour hour = lake::hour_of(clock_.utc_now());
  const auto stamped = [&](std::chrono::hours by) {
    ASSERT_TRUE(log.append(0, {clock_.utc_now() + by, "k", R"({"n":1})", {}}));
  };
  for (const int by : {0, 9'600, 1, -400'000, 0}) stamped(std::chrono::hours(by));
  SinkObserver observer;
  SinkRunner runner(log, store_, clock_, options(), observer);
  std::jthread sink([&](const std::stop_token& stop) { EXPECT_TRUE(runner.run(stop)); });
  // While the hour runs, nothing in the records closes it.
  while (runner.metrics().records_durable < 5) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_TRUE(markers(hour).empty());
  clock_.shift(hour + std::chrono::hours(1) + std::chrono::minutes(1) - clock_.utc_now() + milliseconds(50));
  const auto deadline = std::chrono::steady_clock::now() + support::kPatience;
  while (!is_complete(hour, markers(hour), begins()) && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(milliseconds(1));
  std::int64_t records = 0;
  for (const lake::HourMarker& marker : markers(hour)) records += marker.records;
  EXPECT_EQ(records, 5);
  // A record of a past hour is of the next hour that closes.
  stamped(std::chrono::hours(-1));
  while (runner.metrics().records_durable < 6) std::this_thread::sleep_for(milliseconds(1));
  clock_.shift(std::chrono::hours(1));
  while (markers(hour + std::chrono::hours(1)).size() < 2 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(milliseconds(1));
  records = 0;
  for (const lake::HourMarker& marker : markers(hour + std::chrono::hours(1))) records += marker.records;
  EXPECT_EQ(records, 1);
}

TEST_F(SinkRunnerTest, APartitionWhoseBrokerDoesNotAnswerHoldsUpNoOther) {
  LeaderlessLog log(log_, 0);
  log.kill_broker_of(1);
  SinkObserver observer;
  SinkRunner runner(log, store_, clock_, options(), observer);
  std::jthread sink([&](const std::stop_token& stop) { EXPECT_TRUE(runner.run(stop)); });
  // Ten answers of a dead broker would take longer than this.
  const auto within = [](std::chrono::seconds limit, const auto& done) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!done() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(milliseconds(1));
    EXPECT_TRUE(done());
  };
  for (int round = 0; round < 5; ++round) {
    const std::uint64_t before = runner.metrics().records_durable;
    for (const log::Partition partition : {0, 2}) {
      for (int i = 0; i < 10; ++i)
        ASSERT_TRUE(log_.append(partition, {clock_.utc_now(), "k", R"({"n":1})", {}}));
    }
    within(support::kPatience, [&] { return runner.metrics().records_durable >= before + 20; });
  }
  const lake::Hour hour = lake::hour_of(clock_.utc_now());
  clock_.shift(hour + std::chrono::hours(1) + std::chrono::minutes(1) - clock_.utc_now() + milliseconds(50));
  within(support::kPatience, [&] { return markers(hour).size() == 2; });
  for (const lake::HourMarker& marker : markers(hour)) EXPECT_NE(marker.chain.partition, 1);
}

TEST_F(SinkRunnerTest, OtherCompressionThanTheLakesIsRefused) {
  ASSERT_TRUE(drain(store_, options()));
  SinkOptions other = options();
  other.compression = lake::Compression::zstd;
  const auto result = drain(store_, other);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::misconfigured);
  EXPECT_NE(result.error().message.find("compression is none in the lake but zstd here"), std::string::npos);
}

TEST_F(SinkRunnerTest, HourIsClosedWhenItsPartitionsGoOnToTheNext) {
  send(0, 60);
  ASSERT_TRUE(drain(store_, options()));
  const lake::Hour hour = lake::hour_of(clock_.utc_now());
  // Too early for the clock to close anything: only the records of the next hour do.
  clock_.shift(hour + std::chrono::hours(1) + std::chrono::seconds(1) - clock_.utc_now());
  send(60, 200);
  for (log::Partition partition : {0, 1, 2}) {
    log::RecordBytes record;
    record.value = "{}";
    record.timestamp = clock_.utc_now();
    ASSERT_TRUE(log_.append(partition, record));
  }
  EXPECT_EQ(sink_until_complete(hour), 60);
}

TEST_F(SinkRunnerTest, HoursOfIdlePartitionsAreClosedByTheClock) {
  send(0, 60);
  const lake::Hour hour = lake::hour_of(clock_.utc_now());
  ASSERT_TRUE(drain(store_, options()));
  clock_.shift(hour + std::chrono::hours(3) + std::chrono::minutes(1) - clock_.utc_now() + milliseconds(50));
  EXPECT_EQ(sink_until_complete(hour + std::chrono::hours(2)), 0);
  EXPECT_TRUE(is_complete(hour, markers(hour), begins()));
  EXPECT_TRUE(markers(hour + std::chrono::hours(3)).empty());
}

TEST_F(SinkRunnerTest, HoursThatAreOverAreClosedBeforeACaughtUpRunEnds) {
  send(0, 60);
  const lake::Hour hour = lake::hour_of(clock_.utc_now());
  clock_.shift(hour + std::chrono::hours(2) + std::chrono::minutes(1) - clock_.utc_now() + milliseconds(50));
  SinkObserver observer;
  SinkRunner runner(log_, store_, clock_, options(), observer);
  runner.finish_when_caught_up();
  ASSERT_TRUE(runner.run({}));
  for (const int later : {0, 1}) {
    const lake::Hour over = hour + std::chrono::hours(later);
    EXPECT_TRUE(is_complete(over, markers(over), begins())) << later;
  }
  EXPECT_TRUE(markers(hour + std::chrono::hours(2)).empty());
}

TEST_F(SinkRunnerTest, ACaughtUpRunDoesNotWaitForHoursThatCannotBeClosed) {
  send(0, 60);
  clock_.shift(std::chrono::hours(2));
  store::FaultyStore store(store_, [](const store::StoreCall& call) {
    const bool closes = call.op == store::StoreOp::put_new && call.key.starts_with("_pipeline/hours/");
    return closes ? store::Fault::error_before : store::Fault::none;
  });
  SinkObserver observer;
  SinkRunner runner(log_, store, clock_, options(), observer);
  runner.finish_when_caught_up();
  ASSERT_TRUE(runner.run({}));
  EXPECT_GT(store.faults(store::StoreOp::put_new), 0U);
  EXPECT_EQ(payloads(), expected(60));
}

TEST_F(SinkRunnerTest, LostOffsetsStopTheSinkUntilAcknowledged) {
  send(0, 100);
  ASSERT_TRUE(log_.delete_below(1, 5));
  const auto stopped = drain(store_, options());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::data_gap);
  EXPECT_NE(stopped.error().message.find("[0, 5)"), std::string::npos) << stopped.error().message;
  SinkOptions allowing = options();
  allowing.gaps = GapPolicy::record;
  ASSERT_TRUE(drain(store_, allowing));
  ASSERT_TRUE(drain(store_, options()));
}

/// Counts what a sink's own thread asks of the store before it puts its first object.
class CountingStore {
 public:
  explicit CountingStore(store::ObjectStore& inner)
      : store_(inner, {}, {[this](const store::StoreCall& call) { count(call); }, {}}) {}

  store::ObjectStore& store() { return store_; }
  std::uint64_t requests() const { return requests_; }
  std::uint64_t listings() const { return listings_; }

 private:
  void count(const store::StoreCall& call) {
    if (call.op == store::StoreOp::put_new && call.key.starts_with("bronze/date=")) put_ = true;
    if (put_ || std::this_thread::get_id() != owner_) return;
    ++requests_;
    listings_ += call.op == store::StoreOp::list || call.op == store::StoreOp::list_folders;
  }

  store::FaultyStore store_;
  const std::thread::id owner_ = std::this_thread::get_id();
  std::atomic<bool> put_ = false;
  std::atomic<std::uint64_t> requests_ = 0;
  std::atomic<std::uint64_t> listings_ = 0;
};

TEST_F(SinkRunnerTest, AStartAsksTheSameOfAnOldLakeAsOfANewOne) {
  send(0, 30);
  ASSERT_TRUE(drain(store_, options()));
  std::uint64_t of_new = 0;
  for (const int objects : {0, 5'000}) {
    // Of another topic, whose hours a walk over folders would pass.
    lake::ObjectMeta meta;
    meta.topic = "spotify-events";
    meta.chain = {*base::parse_uuid("99999999-0000-4000-8000-000000000000"), 0};
    meta.records = 1;
    meta.sha256 = std::string(64, '0');
    meta.writer = "test";
    for (int i = 0; i < objects; ++i) {
      meta.range = {i, i + 1};
      meta.first_timestamp = meta.last_timestamp = UtcMillis(std::chrono::hours(490'000 + i));
      const std::string key =
          lake::format_key({meta.first_timestamp, "99999999", 0, i, lake::Compression::none});
      ASSERT_TRUE(store_.put_new(key, "x", to_metadata(meta), "text/plain"));
    }
    send(objects == 0 ? 30 : 60, objects == 0 ? 60 : 90);
    CountingStore counting(store_);
    ASSERT_TRUE(drain(counting.store(), options()));
    EXPECT_LE(counting.requests(), 5U + 3U * 3U);
    EXPECT_EQ(counting.listings(), 1U) << "the overrides alone";
    if (objects == 0) of_new = counting.requests();
    EXPECT_EQ(counting.requests(), of_new);
  }
}

TEST_F(SinkRunnerTest, RecordsOfAFutureClockHideNothingBehindThem) {
  const auto record = [&](std::chrono::hours ahead, int n) {
    const std::string value = fmt::format(R"({{"n":{}}})", n);
    log::RecordBytes bytes;
    bytes.timestamp = base::system_clock().utc_now() + ahead;
    bytes.value = value;
    ASSERT_TRUE(log_.append(0, bytes));
  };
  for (int i = 0; i < 10; ++i) record(std::chrono::hours(24 * 400), i);
  ASSERT_TRUE(drain(store_, options()));
  for (int round = 1; round < 4; ++round) {
    for (int i = 0; i < 10; ++i) record(std::chrono::hours(0), 10 * round + i);
    ASSERT_TRUE(drain(store_, options()));
  }
  EXPECT_EQ(payloads(), expected(40));
  // What is in the lake is not lost when the log deletes it, with or without a hint.
  ASSERT_TRUE(log_.delete_below(0, 40));
  const lake::ChainId chain{log_.describe()->id, 0};
  for (const auto& [end, object] : std::map<log::Offset, std::string>{{0, ""}, {10, "bronze/none"}}) {
    ASSERT_TRUE(store_.put_hint(lake::Places().head_key(chain), to_json(lake::ChainHead{chain, end, object}),
                                "application/json"));
    const auto drained = drain(store_, options());
    EXPECT_TRUE(drained) << drained.error().message;
  }
  EXPECT_EQ(payloads(), expected(40));
}

TEST_F(SinkRunnerTest, ObjectsBehindAnOldHintAreFoundByTheLog) {
  send(0, 200);
  ASSERT_TRUE(drain(store_, options()));
  for (log::Partition partition = 0; partition < 3; ++partition) {
    const lake::ChainId chain{log_.describe()->id, partition};
    ASSERT_TRUE(store_.put_hint(lake::Places().head_key(chain), to_json(lake::ChainHead{chain, 0, ""}),
                                "application/json"));
  }
  SinkObserver observer;
  SinkRunner runner(log_, store_, base::system_clock(), options(), observer);
  runner.finish_when_caught_up();
  ASSERT_TRUE(runner.run({}));
  EXPECT_EQ(runner.metrics().objects_created, 0U);
  EXPECT_EQ(runner.metrics().objects_adopted, 0U);
  EXPECT_EQ(payloads(), expected(200));
}

TEST_F(SinkRunnerTest, ALogThatWasCutAndFilledAgainStopsTheSinkBeforeItPuts) {
  append(R"({"n":1})");
  append(R"({"n":2})");
  ASSERT_TRUE(drain(store_, options()));
  // The same topic id, other records: as a broker that was restored.
  log::MemoryLog refilled({}, base::system_clock(), Rng(1));
  ASSERT_TRUE(refilled.ensure_topic({.name = "spotify-events", .partitions = 3}));
  ASSERT_EQ(refilled.describe()->id, log_.describe()->id);
  for (int i = 0; i < 50; ++i) {
    log::RecordBytes record;
    record.timestamp = base::system_clock().utc_now();
    record.value = "{}";
    ASSERT_TRUE(refilled.append(0, record));
  }
  CountingStore counting(store_);
  SinkObserver observer;
  SinkRunner runner(refilled, counting.store(), base::system_clock(), options(), observer);
  runner.finish_when_caught_up();
  const auto result = runner.run({});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::data_gap);
  EXPECT_TRUE(result.error().message.contains("offset 1 ")) << result.error().message;
  EXPECT_EQ(payloads().size(), 2U);
}

}  // namespace
}  // namespace sdp::sink
