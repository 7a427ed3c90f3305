#include "sink/sink_state.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sha256.h"

namespace sdp::sink {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr UtcMillis kNoon{std::chrono::sys_days(std::chrono::year(2026) / 2 / 15) + hours(12)};

class SinkStateTest : public testing::Test {
 protected:
  SinkState make(const BatchLimits& limits) { return SinkState(topic_id(), limits, lake::LineEncoder()); }
  SinkState three_a_batch() { return make({.records_max = 3}); }

  static log::TopicId topic_id() { return *base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000"); }

  void feed(SinkState& state, log::Partition partition, log::Offset offset, UtcMillis timestamp = kNoon) {
    log::RecordView record;
    record.partition = partition;
    record.offset = offset;
    record.timestamp = timestamp;
    record.value = R"({"n":1})";
    state.append(record, now_);
  }
  void feed_range(SinkState& state, log::Partition partition, log::Offset from, log::Offset to) {
    for (log::Offset offset = from; offset < to; ++offset) feed(state, partition, offset);
  }

  /// The commands as short text, so that a test reads as a list.
  std::vector<std::string> commands(SinkState& state) {
    std::vector<std::string> texts;
    for (const Command& command : state.take_commands()) {
      if (const auto* upload = std::get_if<Upload>(&command)) {
        texts.push_back(fmt::format("upload p{} [{},{}) {}", upload->batch.chain.partition,
                                    upload->batch.range.first, upload->batch.range.end,
                                    name(upload->batch.reason)));
        generation_ = upload->batch.generation;
      } else if (const auto* seek = std::get_if<Seek>(&command)) {
        texts.push_back(fmt::format("seek p{} {}", seek->to.partition, seek->to.offset));
      } else if (const auto* commit = std::get_if<Commit>(&command)) {
        texts.push_back(fmt::format("commit p{} {}", commit->next.partition, commit->next.offset));
      } else if (const auto* pause = std::get_if<Pause>(&command)) {
        texts.push_back(fmt::format("pause p{}", pause->partition));
      } else {
        texts.push_back(fmt::format("resume p{}", std::get<Resume>(command).partition));
      }
    }
    return texts;
  }

  /// The upload that is wanted last.
  static Batch& uploaded(std::vector<Command>& commands) {
    Batch* found = nullptr;
    for (Command& command : commands) {
      if (auto* upload = std::get_if<Upload>(&command)) found = &upload->batch;
    }
    EXPECT_NE(found, nullptr);
    static Batch none;
    return found == nullptr ? none : *found;
  }

  SteadyTime now_{seconds(1000)};
  std::uint64_t generation_ = 0;
};

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(SinkStateTest, ABatchThatCannotBeReadIsOneLineOfAllItsOffsets) {
  SinkState state = three_a_batch();
  state.assigned(0, 10);
  feed_range(state, 0, 10, 12);
  state.append(log::UnreadableBatch{0, 12, 40, log::BatchFault::too_large}, now_);
  EXPECT_EQ(state.position(0), 40);
  const auto all = state.take_commands();
  ASSERT_EQ(all.size(), 2U);
  const Batch& batch = std::get<Upload>(all[1]).batch;
  EXPECT_EQ(batch.range, (lake::OffsetRange{10, 40}));
  EXPECT_EQ(batch.records, 3);
  EXPECT_EQ(batch.rejected, 1);
  EXPECT_EQ(batch.rejected_range, (lake::OffsetRange{12, 40}));
  EXPECT_EQ(batch.first_timestamp, kNoon);
  EXPECT_EQ(batch.last_timestamp, log::kTimeOfUnreadable);
  EXPECT_TRUE(batch.lines.ends_with(
      R"({"_kafka_partition":0,"_kafka_offset":12,"_kafka_timestamp":-1,"_kafka_key":null,"_kafka_last_offset":39,)"
      R"("_error":"batch_too_large","_raw":null})"
      "\n"));
}

TEST_F(SinkStateTest, OfABatchThatWasReadInPartTheRestIsTheLine) {
  SinkState state = three_a_batch();
  state.assigned(0, 15);
  state.append(log::UnreadableBatch{0, 12, 20, log::BatchFault::malformed}, now_);
  state.append(log::UnreadableBatch{0, 12, 20, log::BatchFault::malformed},
               now_);  // again: it is taken already
  state.append(log::UnreadableBatch{1, 0, 20, log::BatchFault::malformed}, now_);  // not ours
  state.shut_down();
  const auto all = state.take_commands();
  const Batch& batch = std::get<Upload>(all.back()).batch;
  EXPECT_EQ(batch.range, (lake::OffsetRange{15, 20}));
  EXPECT_EQ(batch.records, 1);
}

TEST_F(SinkStateTest, WhatFollowsABatchThatCannotBeReadHasAnObjectOfItsOwnHour) {
  SinkState state = three_a_batch();
  state.assigned(0, 0);
  state.append(log::UnreadableBatch{0, 0, 7, log::BatchFault::undecodable}, now_);
  feed(state, 0, 7);
  EXPECT_THAT(commands(state), ElementsAre("resume p0", "upload p0 [0,7) hour"));
}

TEST_F(SinkStateTest, CutsByRecordsAndCommitsOnlyAfterTheUpload) {
  SinkState state = three_a_batch();
  state.assigned(0, 10);
  feed_range(state, 0, 10, 13);
  EXPECT_THAT(commands(state), ElementsAre("resume p0", "upload p0 [10,13) records"));
  state.upload_done(0, generation_);
  EXPECT_THAT(commands(state), ElementsAre("commit p0 13"));
  EXPECT_TRUE(state.drained());
}

TEST_F(SinkStateTest, NextUploadWaitsUntilTheOneBeforeIsDurable) {
  SinkState state = three_a_batch();
  state.assigned(0, 0);
  feed_range(state, 0, 0, 7);
  EXPECT_THAT(commands(state), ElementsAre("resume p0", "upload p0 [0,3) records", "pause p0"));
  state.upload_done(0, generation_);
  EXPECT_THAT(commands(state), ElementsAre("commit p0 3", "upload p0 [3,6) records", "resume p0"));
}

TEST_F(SinkStateTest, HolesOfTheLogLieInsideRanges) {
  SinkState state = three_a_batch();
  state.assigned(0, 0);
  feed(state, 0, 0);
  feed(state, 0, 2);
  feed(state, 0, 7);
  feed(state, 0, 9);
  state.shut_down();
  EXPECT_THAT(commands(state), ElementsAre("resume p0", "upload p0 [0,8) records", "pause p0"));
  state.upload_done(0, generation_);
  EXPECT_THAT(commands(state), ElementsAre("commit p0 8", "upload p0 [8,10) shutdown", "resume p0"));
}

TEST_F(SinkStateTest, OffsetsWithoutARecordAtTheEndAreCommittedWhenAllBeforeThemIsDurable) {
  SinkState state = three_a_batch();
  state.assigned(0, 0);
  feed_range(state, 0, 0, 3);
  state.read_to(0, 5);
  EXPECT_THAT(commands(state), ElementsAre("resume p0", "upload p0 [0,3) records"));
  EXPECT_EQ(state.progress().front().durable, 0);
  EXPECT_EQ(state.progress().front().read, 5);
  state.upload_done(0, generation_);
  EXPECT_THAT(commands(state), ElementsAre("commit p0 5"));
  EXPECT_EQ(state.progress().front().chain_end, 3);
  EXPECT_EQ(state.progress().front().durable, 5);
  state.read_to(0, 6);
  EXPECT_THAT(commands(state), ElementsAre("commit p0 6"));
  // The chain has no hole there: the next object starts where this one ended.
  feed_range(state, 0, 6, 9);
  EXPECT_THAT(commands(state), ElementsAre("upload p0 [3,9) records"));
}

TEST_F(SinkStateTest, AnOpenBatchIsNotDurableWhateverEndWasComeTo) {
  SinkState state = three_a_batch();
  state.assigned(0, 0);
  feed_range(state, 0, 0, 2);
  state.read_to(0, 4);
  EXPECT_EQ(state.progress().front().durable, 0);
  state.cut_below(0, 0);
  EXPECT_THAT(commands(state), ElementsAre("resume p0"));
  state.cut_below(0, 4);
  state.cut_below(0, 4);
  EXPECT_THAT(commands(state), ElementsAre("upload p0 [0,2) shutdown"));
  feed_range(state, 0, 4, 5);
  state.cut_below(0, 2);
  EXPECT_THAT(commands(state), IsEmpty());
  state.upload_done(0, generation_);
  EXPECT_EQ(state.progress().front().durable, 2);
}

TEST_F(SinkStateTest, AnAdoptionForgetsTheEndThatWasComeTo) {
  SinkState state = three_a_batch();
  state.assigned(0, 0);
  feed_range(state, 0, 0, 3);
  state.read_to(0, 4);
  commands(state);
  state.upload_lost(0, generation_, 2);
  EXPECT_THAT(commands(state), ElementsAre("seek p0 2", "commit p0 2"));
  EXPECT_EQ(state.progress().front().durable, 2);
  EXPECT_EQ(state.progress().front().read, 2);
}

TEST_F(SinkStateTest, APartitionThatFillsItsBatchesTakesTheBufferOfAnEarlierOne) {
  SinkState state = three_a_batch();
  state.assigned(0, 0);
  feed_range(state, 0, 0, 3);
  auto first = state.take_commands();
  std::string buffer = std::move(uploaded(first).lines);
  const std::string lines = buffer;
  const char* const memory = buffer.data();
  state.reuse(std::move(buffer));
  generation_ = uploaded(first).generation;
  feed_range(state, 0, 3, 6);
  state.upload_done(0, generation_);
  auto second = state.take_commands();
  const Batch& batch = uploaded(second);
  EXPECT_EQ(static_cast<const void*>(batch.lines.data()), static_cast<const void*>(memory));
  EXPECT_EQ(batch.lines.size(), lines.size());
  EXPECT_TRUE(batch.lines.starts_with(R"({"_kafka_partition":0,"_kafka_offset":3,)"));
}

TEST_F(SinkStateTest, ABatchThatWillBeAsLargeAsTheLastOneIsNotMovedAsItGrows) {
  SinkState state = make({.records_max = 100});
  state.assigned(0, 100);
  feed_range(state, 0, 100, 200);
  auto first = state.take_commands();
  const std::size_t bytes = uploaded(first).lines.size();
  feed_range(state, 0, 200, 300);
  state.upload_done(0, uploaded(first).generation);
  auto second = state.take_commands();
  const Batch& batch = uploaded(second);
  EXPECT_GE(batch.lines.capacity(), bytes);
  EXPECT_LT(batch.lines.capacity(), bytes + bytes / 8);
}

TEST_F(SinkStateTest, TheFirstBatchIsNotMovedAsItGrows) {
  SinkState state = make({.records_max = 100});
  state.assigned(0, 100);
  feed_range(state, 0, 100, 200);
  auto first = state.take_commands();
  const Batch& batch = uploaded(first);
  EXPECT_LT(batch.lines.capacity(), batch.lines.size() + batch.lines.size() / 8);
}

TEST_F(SinkStateTest, AFirstBatchReservesNoMoreThanAnObjectMayHave) {
  SinkState state = make({.records_max = 1'000'000, .bytes_max = 10'000});
  state.assigned(0, 0);
  feed(state, 0, 0);
  state.shut_down();
  auto small = state.take_commands();
  EXPECT_LT(uploaded(small).lines.capacity(), 11'000U);
}

TEST_F(SinkStateTest, ManyPartitionsReserveNoMoreThanTheyMayFill) {
  constexpr std::size_t kMemory = 40'000;
  SinkState state = make({.records_max = 100, .buffer_bytes_max = kMemory});
  for (log::Partition partition = 0; partition < 10; ++partition) state.assigned(partition, 0);
  feed_range(state, 0, 0, 100);
  auto full = state.take_commands();
  state.upload_done(0, uploaded(full).generation);
  feed_range(state, 0, 100, 101);
  state.shut_down();
  auto small = state.take_commands();
  EXPECT_LE(uploaded(small).lines.capacity(), kMemory / 10);
}

TEST_F(SinkStateTest, APartitionThatWaitsForRecordsTakesNoLargeBuffer) {
  SinkState state = make({.records_max = 3, .linger = seconds(10)});
  state.assigned(0, 0);
  state.assigned(1, 0);
  feed(state, 0, 0);
  now_ += seconds(10);
  state.tick(now_);
  auto first = state.take_commands();
  // Another partition fills its batches, so buffers are kept.
  feed_range(state, 1, 0, 3);
  std::string large(1 << 20, 'x');
  const char* const memory = large.data();
  state.reuse(std::move(large));
  feed_range(state, 0, 1, 4);
  state.upload_done(0, uploaded(first).generation);
  auto second = state.take_commands();
  const Batch& batch = uploaded(second);
  EXPECT_NE(static_cast<const void*>(batch.lines.data()), static_cast<const void*>(memory));
}

TEST_F(SinkStateTest, ABufferThatDoesNotFitTheMemoryIsNotKept) {
  SinkState state = make({.records_max = 3, .buffer_bytes_max = 1 << 20});
  state.assigned(0, 0);
  feed_range(state, 0, 0, 3);
  auto first = state.take_commands();
  std::string large(1 << 20, 'x');
  const char* const memory = large.data();
  state.reuse(std::move(large));
  feed_range(state, 0, 3, 6);
  state.upload_done(0, uploaded(first).generation);
  auto second = state.take_commands();
  const Batch& batch = uploaded(second);
  EXPECT_NE(static_cast<const void*>(batch.lines.data()), static_cast<const void*>(memory));
}

TEST_F(SinkStateTest, BuffersThatAreNearlyEmptyAgainHoldAQuarterOfTheMemoryAtMost) {
  constexpr std::size_t kLarge = 1 << 20;
  SinkState state = make({.records_max = 3, .buffer_bytes_max = 8 * kLarge});
  for (log::Partition partition = 0; partition < 3; ++partition) {
    state.assigned(partition, 0);
    feed_range(state, partition, 0, 3);
  }
  // Each goes into an open batch of one record. Two of them are what is allowed.
  std::vector<const void*> memory;
  for (log::Partition partition = 0; partition < 3; ++partition) {
    std::string large(kLarge - 64, 'x');
    memory.push_back(large.data());
    state.reuse(std::move(large));
    feed_range(state, partition, 3, 4);
  }
  state.take_commands();
  state.shut_down();
  for (log::Partition partition = 0; partition < 3; ++partition) {
    state.upload_done(partition, partition + 1);
    auto commands = state.take_commands();
    EXPECT_EQ(static_cast<const void*>(uploaded(commands).lines.data()) == memory[partition], partition < 2)
        << partition;
  }
}

TEST_F(SinkStateTest, CutsByBytes) {
  SinkState state = make({.records_max = 1000, .bytes_max = 150});
  state.assigned(0, 0);
  feed_range(state, 0, 0, 2);
  EXPECT_THAT(commands(state), ElementsAre("resume p0", "upload p0 [0,2) bytes"));
}

TEST_F(SinkStateTest, CutsAtTheHourOfTheBrokerClock) {
  SinkState state = three_a_batch();
  state.assigned(0, 0);
  feed(state, 0, 0, kNoon + hours(1) - milliseconds(1));
  feed(state, 0, 1, kNoon + hours(1));
  EXPECT_THAT(commands(state), ElementsAre("resume p0", "upload p0 [0,1) hour"));
}

TEST_F(SinkStateTest, ClockThatGoesBackKeepsTheBatch) {
  SinkState state = three_a_batch();
  state.assigned(0, 0);
  feed(state, 0, 0, kNoon);
  feed(state, 0, 1, kNoon - hours(2));
  feed(state, 0, 2, kNoon);
  EXPECT_THAT(commands(state), ElementsAre("resume p0", "upload p0 [0,3) records"));
}

TEST_F(SinkStateTest, RecordsWhoseTimesTellNoHourShareAnObject) {
  // Microseconds where milliseconds belong: each would be of an hour of its own.
  SinkState state = make({.records_max = 500});
  state.assigned(0, 0);
  for (log::Offset offset = 0; offset < 500; ++offset) {
    const std::int64_t micros = kNoon.time_since_epoch().count() * 1'000 + offset * 3'600'000'000;
    feed(state, 0, offset, UtcMillis(milliseconds(offset % 3 == 0 ? -1 - offset : micros)));
  }
  EXPECT_THAT(commands(state), ElementsAre("resume p0", "upload p0 [0,500) records"));
}

TEST_F(SinkStateTest, ARecordBehindOneWithoutATimeIsFiledUnderItsOwnHour) {
  for (const UtcMillis none : {UtcMillis(milliseconds(-1)), UtcMillis(kNoon.time_since_epoch() * 1'000)}) {
    SinkState state = make({});
    state.assigned(0, 0);
    feed(state, 0, 0, none);
    feed(state, 0, 1, none);
    feed(state, 0, 2, kNoon);
    auto all = state.take_commands();
    const Batch& batch = std::get<Upload>(all.back()).batch;
    EXPECT_EQ(batch.range, (lake::OffsetRange{0, 2}));
    EXPECT_EQ(batch.first_timestamp, none);
    EXPECT_TRUE(format_key(key_of(batch, lake::Compression::none, lake::Places(2)))
                    .starts_with(lake::kUntimedPrefix));
    EXPECT_TRUE(lake::parse_key(format_key(key_of(batch, lake::Compression::none, lake::Places(1)))));
    // From here on the batch has an hour, and one without a time changes nothing.
    for (log::Offset offset = 3; offset < 100; ++offset)
      feed(state, 0, offset, offset % 2 == 0 ? kNoon : none);
    state.upload_done(0, batch.generation);
    EXPECT_THAT(commands(state), ElementsAre("commit p0 2"));
    state.shut_down();
    EXPECT_THAT(commands(state), ElementsAre("upload p0 [2,100) shutdown"));
  }
}

TEST_F(SinkStateTest, ABatchKnowsItsRejectedRecordsAndTheLeaderOfItsLastOne) {
  SinkState state = three_a_batch();
  state.assigned(0, 0);
  for (log::Offset offset = 0; offset < 3; ++offset) {
    log::RecordView record;
    record.offset = offset;
    record.timestamp = kNoon;
    record.value = offset == 1 ? "not json" : "{}";
    record.leader_epoch = static_cast<log::LeaderEpoch>(offset);
    state.append(record, now_);
  }
  const auto all = state.take_commands();
  const Batch& batch = std::get<Upload>(all.back()).batch;
  EXPECT_EQ(batch.rejected_range, (lake::OffsetRange{1, 2}));
  const lake::ObjectMeta meta = meta_of(batch, "t", lake::Places(2));
  EXPECT_EQ(meta.leader_epoch, 2);
  EXPECT_EQ(meta.rejected_range, batch.rejected_range);
  const std::string lines = batch.lines.substr(0, batch.lines.size() - 1);
  EXPECT_EQ(meta.last_line_sha256, base::sha256_hex(lines.substr(lines.rfind('\n') + 1)));
  const lake::ObjectMeta old = meta_of(batch, "t", lake::Places(1));
  EXPECT_FALSE(old.leader_epoch || old.rejected_range || !old.last_line_sha256.empty());
}

TEST_F(SinkStateTest, QuietPartitionIsCutByIdleness) {
  SinkState state = make({.linger = seconds(10), .idle = seconds(3)});
  state.assigned(0, 0);
  feed(state, 0, 0);
  state.tick(now_ + seconds(2));
  EXPECT_THAT(commands(state), ElementsAre("resume p0"));
  state.tick(now_ + seconds(3));
  EXPECT_THAT(commands(state), ElementsAre("upload p0 [0,1) idle"));
}

TEST_F(SinkStateTest, ASizeThatWasAskedForCutsASlowTrickle) {
  BatchLimits limits{.records_max = 10, .linger = seconds(10), .idle = seconds(3), .max_wait = seconds(60)};
  prefer_size(limits, {.size = true});
  SinkState state = make(limits);
  state.assigned(0, 0);
  for (int i = 0; i < 10; ++i) {
    state.tick(now_);
    feed(state, 0, i);
    now_ += seconds(5);
  }
  EXPECT_THAT(commands(state), ElementsAre("resume p0", "upload p0 [0,10) records"));
  state.upload_done(0, generation_);
  commands(state);
  feed(state, 0, 10);
  state.tick(now_ + seconds(60) - milliseconds(1));
  EXPECT_THAT(commands(state), IsEmpty());
  state.tick(now_ + seconds(60));
  EXPECT_EQ(commands(state).size(), 1U);
}

TEST(BatchLimitsTest, WhatWasAskedForHolds) {
  const BatchLimits standard;
  BatchLimits limits;
  prefer_size(limits, {});
  EXPECT_EQ(limits.linger, standard.linger);
  EXPECT_EQ(limits.idle, standard.idle);
  limits.linger = milliseconds(450);
  prefer_size(limits, {.size = true, .linger = true});
  EXPECT_EQ(limits.linger, milliseconds(450));
  EXPECT_EQ(limits.idle, standard.max_wait);
  limits = standard;
  limits.max_wait = seconds(7);
  prefer_size(limits, {.idle = true, .max_wait = true});
  EXPECT_EQ(limits.linger, seconds(7));
  EXPECT_EQ(limits.idle, standard.idle);
}

TEST_F(SinkStateTest, SlowTrickleIsCutByLinger) {
  SinkState state = make({.linger = seconds(10), .idle = seconds(3)});
  state.assigned(0, 0);
  for (int i = 0; i < 11; ++i) {
    state.tick(now_);
    if (i < 10) feed(state, 0, i);
    now_ += seconds(1);
  }
  EXPECT_THAT(commands(state), ElementsAre("resume p0", "upload p0 [0,10) linger"));
}

TEST_F(SinkStateTest, LostPlaceIsAdoptedAndReadAgainFromItsEnd) {
  SinkState state = three_a_batch();
  state.assigned(0, 0);
  feed_range(state, 0, 0, 8);
  commands(state);
  state.upload_lost(0, generation_, 2);
  EXPECT_THAT(commands(state), ElementsAre("seek p0 2", "commit p0 2", "resume p0"));
  EXPECT_EQ(state.position(0), 2);
  EXPECT_EQ(state.buffered_bytes(), 0u);
  feed_range(state, 0, 2, 5);
  EXPECT_THAT(commands(state), ElementsAre("upload p0 [2,5) records"));
}

TEST_F(SinkStateTest, RecordsBelowThePositionAreDropped) {
  SinkState state = three_a_batch();
  state.assigned(0, 5);
  feed_range(state, 0, 0, 5);
  EXPECT_EQ(state.buffered_bytes(), 0u);
  EXPECT_EQ(state.position(0), 5);
}

TEST_F(SinkStateTest, ResultsOfAnEarlierAssignmentAreIgnored) {
  SinkState state = three_a_batch();
  state.assigned(0, 0);
  feed_range(state, 0, 0, 3);
  commands(state);
  const std::uint64_t old_generation = generation_;
  state.revoked(0);
  state.assigned(0, 0);
  feed_range(state, 0, 0, 3);
  EXPECT_THAT(commands(state), ElementsAre("resume p0", "upload p0 [0,3) records"));
  state.upload_done(0, old_generation);
  state.upload_lost(0, old_generation, 99);
  EXPECT_THAT(commands(state), IsEmpty());
  EXPECT_FALSE(state.drained());
}

TEST_F(SinkStateTest, RevokingTakesBackWhatWasNotYetCarriedOut) {
  SinkState state = three_a_batch();
  state.assigned(0, 0);
  state.assigned(1, 0);
  feed_range(state, 0, 0, 7);
  feed(state, 1, 0);
  state.revoked(0);
  EXPECT_THAT(commands(state), ElementsAre("resume p1"));
  EXPECT_EQ(state.position(0), std::nullopt);
  state.shut_down();
  EXPECT_THAT(commands(state), ElementsAre("upload p1 [0,1) shutdown"));
  state.upload_done(1, generation_);
  EXPECT_EQ(state.buffered_bytes(), 0u);
}

TEST_F(SinkStateTest, MemoryLimitCutsEarly) {
  SinkState state = make({.records_max = 1000, .buffer_bytes_max = 400});
  state.assigned(0, 0);
  state.assigned(1, 0);
  feed_range(state, 0, 0, 2);
  feed_range(state, 1, 0, 3);
  const auto texts = commands(state);
  EXPECT_THAT(texts, testing::Contains(testing::EndsWith("memory")));
}

TEST_F(SinkStateTest, FullMemoryStopsReadingWhereAnUploadIsUnderWayAndCutsNothingSmall) {
  SinkState state = make({.records_max = 1000, .buffer_bytes_max = 400});
  state.assigned(0, 0);
  feed_range(state, 0, 0, 5);
  EXPECT_THAT(commands(state), ElementsAre("resume p0", "upload p0 [0,5) memory", "pause p0"));
  // What was on its way already.
  feed_range(state, 0, 5, 30);
  EXPECT_THAT(commands(state), IsEmpty());
  // Nothing under way here: its bytes can go.
  state.assigned(1, 0);
  feed(state, 1, 0);
  EXPECT_THAT(commands(state), ElementsAre("resume p1", "upload p1 [0,1) memory", "pause p1"));
  state.upload_done(0, generation_ - 1);
  EXPECT_THAT(commands(state), ElementsAre("commit p0 5", "resume p0"));
  feed(state, 0, 30);
  EXPECT_THAT(commands(state), ElementsAre("upload p0 [5,31) memory", "pause p0"));
  // A quarter is free: whoever stopped for memory goes on.
  state.upload_done(0, 1);
  EXPECT_THAT(commands(state), testing::UnorderedElementsAre("commit p0 31", "resume p0", "resume p1"));
  state.upload_done(1, 2);
  EXPECT_EQ(state.buffered_bytes(), 0u);
}

TEST_F(SinkStateTest, ShutDownCutsEverythingAndTakesNoMore) {
  SinkState state = three_a_batch();
  state.assigned(0, 0);
  feed(state, 0, 0);
  state.shut_down();
  feed(state, 0, 1);
  EXPECT_THAT(commands(state), ElementsAre("resume p0", "upload p0 [0,1) shutdown"));
}

}  // namespace
}  // namespace sdp::sink
