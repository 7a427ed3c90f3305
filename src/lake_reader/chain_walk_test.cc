#include "lake_reader/chain_walk.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "lake/object_key.h"
#include "log/memory/memory_log.h"
#include "store/memory/faulty_store.h"
#include "store/memory/memory_store.h"
#include "support/patience.h"

namespace sdp::lake_reader {
namespace {

using std::chrono::hours;

/// A log of one partition in which each record is of a day of its own, and a lake of its objects.
class ChainWalkTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(log_.ensure_topic({.name = "spotify-events", .partitions = 1})); }

  static UtcMillis time_of(log::Offset offset) { return UtcMillis(hours(24 * (100 + offset * 7 % 13))); }
  void records(log::Offset count) {
    for (log::Offset i = 0; i < count; ++i)
      ASSERT_TRUE(log_.append(0, {time_of(log_.watermarks(0)->end), "k", "{}", {}}));
  }
  void object(log::Offset first, log::Offset end) {
    lake::ObjectMeta meta;
    meta.topic = "spotify-events";
    meta.chain = chain();
    meta.range = {first, end};
    meta.records = 1;
    meta.first_timestamp = meta.last_timestamp = time_of(first);
    meta.sha256 = std::string(64, '0');
    meta.writer = "test";
    const std::string key = lake::format_key(
        {time_of(first), lake::short_id(chain().topic_id), 0, first, lake::Compression::none});
    ASSERT_TRUE(store_.put_new(key, "x", to_metadata(meta), "text/plain"));
  }
  lake::ChainId chain() { return {log_.describe()->id, 0}; }
  log::Offset walk(log::Offset from) {
    const auto reader = log_.open_reader().value();
    const auto end =
        walk_to_end(*reader, LakeReader(counted_, lake::Places()), chain(), lake::Compression::none,
                    {.end = from}, *log_.watermarks(0), support::kPatience);
    EXPECT_TRUE(end) << end.error().message;
    return end ? end->end : -1;
  }

  log::MemoryLog log_{{}, base::system_clock(), Rng(1)};
  store::MemoryStore store_;
  store::FaultyStore counted_{store_, {}};
};

TEST_F(ChainWalkTest, TheLogNamesEachNextObjectWhateverItsClockSaid) {
  records(10);
  object(0, 3);
  object(3, 4);
  object(4, 9);
  EXPECT_EQ(walk(0), 9);
  EXPECT_EQ(counted_.calls(), 4U);
  EXPECT_EQ(walk(3), 9);
}

TEST_F(ChainWalkTest, EndsWhereTheLogEndsOrHasNoRecord) {
  records(4);
  object(0, 4);
  EXPECT_EQ(walk(0), 4);
  ASSERT_TRUE(log_.append_mark(0));
  EXPECT_EQ(walk(4), 4);
  EXPECT_EQ(counted_.calls(), 1U);
}

TEST_F(ChainWalkTest, OffsetsWithoutARecordNameTheObjectByTheRecordBehindThem) {
  ASSERT_TRUE(log_.append_mark(0));
  ASSERT_TRUE(log_.append(0, {time_of(0), "k", "{}", {}}));
  object(0, 2);
  EXPECT_EQ(walk(0), 2);
}

TEST_F(ChainWalkTest, ALogThatStartsAboveThePointIsReplacedByAListing) {
  records(10);
  object(0, 3);
  object(3, 7);
  object(7, 9);
  ASSERT_TRUE(log_.delete_below(0, 8));
  EXPECT_EQ(walk(0), 9);
}

}  // namespace
}  // namespace sdp::lake_reader
