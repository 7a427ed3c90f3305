#include "sink/commit_rule.h"

#include <gtest/gtest.h>

#include "base/sha256.h"
#include "store/memory/faulty_store.h"
#include "store/memory/memory_store.h"

namespace sdp::sink {
namespace {

constexpr std::string_view kKey = "bronze/date=2026-02-15/hour=12/object.json";

lake::ObjectMeta meta_for(std::string_view body, log::Offset first, log::Offset end) {
  lake::ObjectMeta meta;
  meta.topic = "spotify-events";
  meta.chain = {*base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000"), 3};
  meta.range = {first, end};
  meta.records = end - first;
  meta.sha256 = base::sha256_hex(body);
  meta.writer = "test";
  return meta;
}

TEST(CommitRule, FirstPutCommits) {
  store::MemoryStore store;
  const auto outcome = commit_object(store, kKey, "a\n", meta_for("a\n", 0, 1));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_TRUE(std::holds_alternative<Committed>(*outcome));
}

TEST(CommitRule, AShorterStaleUploadAdoptsTheWinnerAndChangesNothing) {
  store::MemoryStore store;
  ASSERT_TRUE(commit_object(store, kKey, "a\nb\n", meta_for("a\nb\n", 0, 2)));
  const auto stale = commit_object(store, kKey, "a\n", meta_for("a\n", 0, 1));
  ASSERT_TRUE(stale);
  ASSERT_TRUE(std::holds_alternative<Adopted>(*stale));
  EXPECT_EQ(std::get<Adopted>(*stale).winner.range.end, 2);
  EXPECT_EQ(store.get(kKey)->body, "a\nb\n");
}

TEST(CommitRule, OwnPutWhoseAnswerWasLostIsSuccess) {
  store::MemoryStore inner;
  store::FaultyStore store(inner,
                           store::scripted_faults(store::StoreOp::put_new, {store::Fault::error_after}));
  const auto meta = meta_for("a\n", 0, 1);
  EXPECT_FALSE(commit_object(store, kKey, "a\n", meta));
  const auto again = commit_object(store, kKey, "a\n", meta);
  ASSERT_TRUE(again);
  EXPECT_TRUE(std::holds_alternative<AlreadyOurs>(*again));
}

TEST(CommitRule, ForeignObjectInThePlaceStopsWithItsName) {
  store::MemoryStore store;
  ASSERT_TRUE(commit_object(store, kKey, "a\n", meta_for("a\n", 7, 8)));
  const auto outcome = commit_object(store, kKey, "b\n", meta_for("b\n", 0, 1));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::bad_input);
  EXPECT_NE(outcome.error().message.find(kKey), std::string::npos) << outcome.error().message;
}

TEST(CommitRule, ObjectWithoutMetadataStopsWithItsName) {
  store::MemoryStore store;
  ASSERT_TRUE(store.put_new(kKey, "planted", {}, "text/plain"));
  const auto outcome = commit_object(store, kKey, "b\n", meta_for("b\n", 0, 1));
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().message.find(kKey), std::string::npos) << outcome.error().message;
}

}  // namespace
}  // namespace sdp::sink
