#include "lake_reader/lag.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "lake/chain.h"
#include "log/memory/memory_log.h"
#include "store/memory/memory_store.h"

namespace sdp::lake_reader {
namespace {

constexpr std::chrono::milliseconds kTimeout{5'000};

class LagTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(log_.ensure_topic({.name = "spotify-events", .partitions = 1})); }
  void record() { ASSERT_TRUE(log_.append(0, {UtcMillis(std::chrono::hours(1)), "k", "{}", {}})); }
  void mark() { ASSERT_TRUE(log_.append_mark(0)); }
  log::Offset lag(log::Offset chain_end) {
    const lake::ChainId chain{log_.describe()->id, 0};
    const auto lag = lag_of(log_, LakeReader(store_, lake::Places()), chain, chain_end,
                            log_.watermarks(0).value(), kTimeout);
    EXPECT_TRUE(lag) << lag.error().message;
    return lag.value_or(-1);
  }

  Waiting waiting(log::Offset chain_end) {
    const lake::ChainId chain{log_.describe()->id, 0};
    const auto reader = log_.open_reader();
    const auto waiting = waiting_behind(**reader, LakeReader(store_, lake::Places()), chain, chain_end,
                                        log_.watermarks(0).value(), kTimeout);
    EXPECT_TRUE(waiting) << waiting.error().message;
    return waiting.value_or(Waiting{.offsets = -1, .deleted = -1, .oldest = {}});
  }

  log::MemoryLog log_{{}, base::system_clock(), Rng(1)};
  store::MemoryStore store_;
};

TEST_F(LagTest, NothingIsBehindAtTheEnd) {
  EXPECT_EQ(lag(0), 0);
  record();
  EXPECT_EQ(lag(1), 0);
  EXPECT_EQ(lag(0), 1);
}

TEST_F(LagTest, OffsetsWithoutARecordAtTheEndAreNoLag) {
  mark();
  EXPECT_EQ(lag(0), 0);
  record();
  mark();
  mark();
  EXPECT_EQ(lag(2), 0);
  EXPECT_EQ(lag(1), 3);
  EXPECT_EQ(lag(0), 4);
}

TEST_F(LagTest, ARecordBehindThemIs) {
  record();
  mark();
  record();
  EXPECT_EQ(lag(1), 2);
}

TEST_F(LagTest, WhatTheLogHasDeletedCounts) {
  record();
  record();
  record();
  ASSERT_TRUE(log_.delete_below(0, 2));
  EXPECT_EQ(lag(1), 2);
}

TEST_F(LagTest, WhatWaitsSaysSinceWhen) {
  record();
  mark();
  ASSERT_TRUE(log_.append(0, {UtcMillis(std::chrono::hours(2)), "k", "{}", {}}));
  EXPECT_EQ(waiting(1).offsets, lag(1));
  EXPECT_EQ(waiting(1).oldest, UtcMillis(std::chrono::hours(2)));
  EXPECT_EQ(waiting(0).oldest, UtcMillis(std::chrono::hours(1)));
  EXPECT_EQ(waiting(3).offsets, 0);
  EXPECT_EQ(waiting(3).oldest, std::nullopt);
  mark();
  EXPECT_EQ(waiting(3).offsets, 0);
  ASSERT_TRUE(log_.delete_below(0, 2));
  EXPECT_EQ(waiting(1).deleted, 1);
  EXPECT_EQ(waiting(1).oldest, UtcMillis(std::chrono::hours(2)));
  EXPECT_EQ(waiting(2).deleted, 0);
}

TEST_F(LagTest, AcknowledgedGapsAreNoLag) {
  for (int i = 0; i < 5; ++i) record();
  ASSERT_TRUE(log_.delete_below(0, 4));
  const lake::ChainId chain{log_.describe()->id, 0};
  for (const lake::OffsetRange range : {lake::OffsetRange{0, 2}, lake::OffsetRange{2, 4}}) {
    EXPECT_EQ(lag(0), 5 - range.first);
    ASSERT_TRUE(store_.put_new(lake::Places().gap_key(chain, range.first),
                               to_json(lake::Gap{"spotify-events", chain, range}), {}, "application/json"));
  }
  EXPECT_EQ(lag(0), 1);
  ASSERT_TRUE(log_.delete_below(0, 5));
  EXPECT_EQ(lag(5), 0);
}

}  // namespace
}  // namespace sdp::lake_reader
