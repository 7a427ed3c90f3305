#include "log/memory/memory_log.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "support/patience.h"

namespace sdp::log {
namespace {

using namespace std::chrono_literals;

const std::string kRecord(500, 'x');
const TopicSpec kTopic{.name = "events", .partitions = 1};

MemoryLogOptions small(std::vector<RetentionHold> holds, std::chrono::milliseconds delivery_timeout = 20ms) {
  return {.topic = "events",
          .retained_bytes_max = 64 << 10,
          .holds = std::move(holds),
          .delivery_timeout = delivery_timeout};
}

/// Starts everywhere at `start` and counts.
class Counting final : public ConsumerHandler {
 public:
  Result<std::vector<PartitionOffset>> on_assigned(std::span<const Partition> partitions) override {
    std::vector<PartitionOffset> starts;
    for (const Partition partition : partitions) starts.push_back({partition, start});
    return starts;
  }
  void on_revoked(std::span<const Partition>, bool) override {}
  Result<void> on_record(const RecordView& record) override {
    contiguous &= record.offset == next;
    next = record.offset + 1;
    return {};
  }

  Offset start = 0;
  Offset next = 0;
  bool contiguous = true;
};

class MemoryLogTest : public ::testing::Test {
 protected:
  std::unique_ptr<MemoryLog> open(MemoryLogOptions options, const TopicSpec& spec = kTopic) {
    auto log = std::make_unique<MemoryLog>(std::move(options), clock_, Rng(1));
    EXPECT_TRUE(log->ensure_topic(spec).value());
    return log;
  }
  /// Sends until the log refuses; returns that error.
  Error fill(MemoryLog& log) {
    const auto producer = log.open_producer().value();
    for (;;) {
      if (auto sent = producer->send("k", kRecord); !sent) return std::move(sent).error();
    }
  }

  base::ManualClock clock_{UtcMillis(1'771'176'756'123ms)};
};

TEST_F(MemoryLogTest, AppendsAtTheClocksTime) {
  const auto log = open(small({}));
  ASSERT_TRUE(log->open_producer().value()->send("k", "v"));
  const auto reader = log->open_reader().value();
  ASSERT_TRUE(reader->read_all(0, 0, 1, 0ms, [&](const RecordView& record) -> Result<void> {
    EXPECT_EQ(record.timestamp, clock_.utc_now());
    return {};
  }));
}

TEST_F(MemoryLogTest, TheSameSeedGivesTheSameTopicIdAndAnotherAnother) {
  MemoryLog one(small({}), clock_, Rng(1));
  MemoryLog same(small({}), clock_, Rng(1));
  MemoryLog other(small({}), clock_, Rng(2));
  for (MemoryLog* log : {&one, &same, &other}) ASSERT_TRUE(log->ensure_topic(kTopic));
  EXPECT_EQ(one.describe()->id, same.describe()->id);
  EXPECT_NE(one.describe()->id, other.describe()->id);
}

TEST_F(MemoryLogTest, WhatAHoldingGroupHasNotPassedStaysAndSendsSayWhoIsBehind) {
  const auto log = open(small({{"sink"}, {"witness"}}));
  const Error full = fill(*log);
  EXPECT_EQ(full.kind, ErrorKind::unavailable);
  EXPECT_NE(full.message.find("group sink stands at offset 0 of partition 0"), std::string::npos)
      << full.message;
  EXPECT_EQ(log->watermarks(0)->start, 0);
}

TEST_F(MemoryLogTest, WithoutHoldsTheOldestGoAndSendsNeverWait) {
  const auto log = open(small({}));
  const auto producer = log->open_producer().value();
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(producer->send("k", kRecord));
  const Watermarks marks = log->watermarks(0).value();
  EXPECT_EQ(marks.end, 1000);
  EXPECT_GT(marks.start, 850);
  EXPECT_LT(marks.start, 900);
}

TEST_F(MemoryLogTest, AllHoldingGroupsMustPassBeforeSpaceIsFreed) {
  const auto log = open(small({{"sink"}, {"witness"}}));
  fill(*log);
  Counting handler;
  const auto sink = log->open_consumer({.group = "sink"}).value();
  ASSERT_GT(sink->poll(handler, 1000, 0ms).value(), 0U);
  EXPECT_NE(fill(*log).message.find("group witness"), std::string::npos);
  EXPECT_EQ(log->watermarks(0)->start, 0);

  Counting other;
  const auto witness = log->open_consumer({.group = "witness"}).value();
  ASSERT_GT(witness->poll(other, 1000, 0ms).value(), 0U);
  EXPECT_TRUE(log->open_producer().value()->send("k", kRecord));
  EXPECT_GT(log->watermarks(0)->start, 0);
}

TEST_F(MemoryLogTest, AGroupHeldToItsCommitsFreesNothingByReading) {
  const auto log = open(small({{"sink", RetentionHold::Until::committed}}));
  fill(*log);
  Counting handler;
  const auto sink = log->open_consumer({.group = "sink"}).value();
  ASSERT_GT(sink->poll(handler, 1000, 0ms).value(), 0U);
  EXPECT_EQ(fill(*log).kind, ErrorKind::unavailable);
  const PartitionOffset durable{0, handler.next};
  ASSERT_TRUE(sink->commit({&durable, 1}));
  EXPECT_TRUE(log->open_producer().value()->send("k", kRecord));
}

TEST_F(MemoryLogTest, ASendThatWaitsGoesOnWhenTheGroupHasRead) {
  constexpr Offset kRecords = 20'000;
  const auto log = open(small({{"sink"}}, support::kPatience));
  std::atomic<bool> sent_all = false;
  std::jthread sending([&] {
    const auto producer = log->open_producer().value();
    for (Offset i = 0; i < kRecords; ++i) {
      if (!producer->send("k", "value " + std::to_string(i))) return;
    }
    sent_all = true;
  });
  Counting handler;
  const auto sink = log->open_consumer({.group = "sink"}).value();
  const auto deadline = std::chrono::steady_clock::now() + support::kPatience;
  while (handler.next < kRecords && std::chrono::steady_clock::now() < deadline) {
    ASSERT_TRUE(sink->poll(handler, 500, 100ms));
  }
  sending.join();
  EXPECT_TRUE(sent_all);
  EXPECT_EQ(handler.next, kRecords);
  EXPECT_TRUE(handler.contiguous);
  EXPECT_GT(log->watermarks(0)->start, 0);
}

TEST_F(MemoryLogTest, ARecordThatCanNeverFitIsRefusedAtOnce) {
  const auto log = open(small({{"sink"}}, support::kPatience));
  const auto sent = log->open_producer().value()->send("k", std::string(70 << 10, 'x'));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind, ErrorKind::bad_input);
}

TEST_F(MemoryLogTest, AppendPutsForeignRecordsWhereTold) {
  const auto log = open(small({}), {.name = "events", .partitions = 3});
  EXPECT_EQ(log->append(2, {UtcMillis(9ms), std::nullopt, std::nullopt, {}}).value(), 0);
  EXPECT_EQ(log->watermarks(2)->end, 1);
  EXPECT_EQ(log->append(3, {}).error().kind, ErrorKind::bad_input);
}

TEST_F(MemoryLogTest, WhatWasOpenedOnADeletedTopicIsFenced) {
  const auto log = open(small({}));
  const auto producer = log->open_producer().value();
  const auto consumer = log->open_consumer({}).value();
  ASSERT_TRUE(log->recreate_topic());
  EXPECT_EQ(producer->send("k", "v").error().kind, ErrorKind::fenced);
  Counting handler;
  EXPECT_EQ(consumer->poll(handler, 1, 0ms).error().kind, ErrorKind::fenced);
}

TEST_F(MemoryLogTest, AConsumerDestroyedWithoutCloseFreesItsPartitions) {
  const auto log = open(small({}));
  Counting handler;
  auto first = log->open_consumer({}).value();
  ASSERT_TRUE(first->poll(handler, 1, 0ms));
  const auto second = log->open_consumer({}).value();
  first.reset();
  ASSERT_TRUE(log->open_producer().value()->send("k", "v"));
  EXPECT_EQ(second->poll(handler, 1, 1s).value(), 1U);
}

TEST_F(MemoryLogTest, AHandlerThatNamesNoStartIsToldSoAndAskedAgain) {
  class Silent final : public ConsumerHandler {
   public:
    Result<std::vector<PartitionOffset>> on_assigned(std::span<const Partition>) override {
      return std::vector<PartitionOffset>{};
    }
    void on_revoked(std::span<const Partition>, bool) override {}
    Result<void> on_record(const RecordView&) override { return {}; }
  } silent;
  const auto log = open(small({}));
  ASSERT_TRUE(log->open_producer().value()->send("k", "v"));
  const auto consumer = log->open_consumer({}).value();
  EXPECT_EQ(consumer->poll(silent, 1, 0ms).error().kind, ErrorKind::fatal);
  Counting handler;
  EXPECT_EQ(consumer->poll(handler, 1, 0ms).value(), 1U);
}

TEST_F(MemoryLogTest, AConsumerThatWaitedForARecordGivesOthersTimeToCome) {
  const auto log = open(small({}));
  const auto consumer = log->open_consumer({.group = "sink"}).value();
  Counting handler;
  EXPECT_EQ(consumer->poll(handler, 1, 0ms).value(), 0U);
  SteadyTime sent_at;
  std::jthread sender([&] {
    const auto producer = log->open_producer().value();
    std::this_thread::sleep_for(200ms);  // by then it waits
    sent_at = base::system_clock().steady_now();
    EXPECT_TRUE(producer->send("k", "v"));
  });
  EXPECT_EQ(consumer->poll(handler, 10, 60s).value(), 1U);
  const SteadyTime given_at = base::system_clock().steady_now();
  sender.join();
  EXPECT_GE(given_at - sent_at, 1ms);
}

}  // namespace
}  // namespace sdp::log
