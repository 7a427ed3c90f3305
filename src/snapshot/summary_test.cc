#include "snapshot/summary.h"

#include <gtest/gtest.h>

#include "snapshot/snapshot_json.h"

namespace sdp::snapshot {
namespace {

Snapshot snapshot() {
  Snapshot all;
  all.id = "20260215T175236123Z";
  all.taken_at = "2026-02-15T17:52:36.123Z";
  all.freshness = {.as_of = "a", .newest_event = std::nullopt, .newest_record = "b", .loaded_at = "c"};
  all.delays = {{"bronze", 1.25, 2}};
  all.completeness.kept = 7;
  all.completeness.rejected_by_silver = 2;
  all.ledger.objects = 3;
  all.ledger.records = 12;
  all.ledger.tail.push_back({.object_key = "key",
                             .topic = "t",
                             .partition = 1,
                             .first_offset = 4,
                             .last_offset = 9,
                             .records = 6,
                             .rejected = 0,
                             .loaded_at = "c"});
  all.rejected_events = 5;
  all.marts.emplace_back().name = "TOP_SONGS";
  all.last_proof = Proof{.snapshot = "before",
                         .at = "then",
                         .proved = true,
                         .verdict = "proved: all",
                         .stages = {},
                         .findings = {},
                         .notes = {}};
  return all;
}

TEST(Summary, IsWhatTheSnapshotSays) {
  const auto read = parse_summary(snapshot_json(snapshot()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->id, "20260215T175236123Z");
  EXPECT_EQ(read->taken_at, "2026-02-15T17:52:36.123Z");
  ASSERT_EQ(read->delays.size(), 1U);
  EXPECT_EQ(read->delays[0].to, "bronze");
  EXPECT_EQ(read->delays[0].p50, 1.25);
  EXPECT_EQ(read->delays[0].p99, 2);
  EXPECT_EQ(read->freshness.as_of, "a");
  EXPECT_EQ(read->freshness.newest_event, std::nullopt);
  EXPECT_EQ(read->freshness.newest_record, "b");
  EXPECT_EQ(read->completeness.kept, 7u);
  EXPECT_EQ(read->completeness.rejected_by_silver, 2u);
  EXPECT_EQ(read->ledger.objects, 3u);
  EXPECT_EQ(read->ledger.records, 12u);
  ASSERT_EQ(read->ledger.tail.size(), 1u);
  EXPECT_EQ(read->ledger.tail[0].partition, 1u);
  EXPECT_EQ(read->ledger.tail[0].last_offset, 9u);
  EXPECT_EQ(read->rejected_events, 5u);
  EXPECT_EQ(read->marts, 1u);
  ASSERT_TRUE(read->last_proof);
  EXPECT_TRUE(read->last_proof->proved);
  EXPECT_EQ(read->last_proof->verdict, "proved: all");
}

TEST(Summary, WithoutMembersThereIsNothing) {
  const auto read = parse_summary(R"({"version":1,"ledger":{"tail":[7]},"last_proof":null})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->ledger.objects, 0u);
  EXPECT_FALSE(read->last_proof);
  EXPECT_FALSE(parse_summary("{}"));
  EXPECT_FALSE(parse_summary(R"({"version":2})"));
}

}  // namespace
}  // namespace sdp::snapshot
