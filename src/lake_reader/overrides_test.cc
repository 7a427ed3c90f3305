#include <gtest/gtest.h>

#include "lake/chain_head.h"
#include "lake/object_key.h"
#include "lake/object_meta.h"
#include "lake/override.h"
#include "lake_reader/lake_reader.h"
#include "store/memory/faulty_store.h"
#include "store/memory/memory_store.h"

namespace sdp::lake_reader {
namespace {

const log::TopicId kTopic = *base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000");
constexpr UtcMillis kNoon{std::chrono::sys_days(std::chrono::year(2026) / 2 / 15) + std::chrono::hours(12)};
const lake::ChainId kChain{kTopic, 0};

class OverridesTest : public testing::Test {
 protected:
  static std::string key_of(log::Offset first) {
    return lake::format_key({kNoon, lake::short_id(kTopic), 0, first, lake::Compression::none});
  }
  std::string put(log::Offset first, log::Offset end, bool with_metadata = true) {
    lake::ObjectMeta meta;
    meta.topic = "spotify-events";
    meta.chain = kChain;
    meta.range = {first, end};
    meta.records = 1;
    meta.first_timestamp = meta.last_timestamp = kNoon;
    meta.sha256 = std::string(64, '0');
    meta.writer = "test";
    const auto metadata = with_metadata ? to_metadata(meta) : store::Metadata{};
    EXPECT_TRUE(store_.put_new(key_of(first), "x", metadata, "text/plain"));
    return key_of(first);
  }
  /// `next` is `first` where the place is free.
  void ignore(log::Offset first, log::Offset end, log::Offset next) {
    const lake::Override override{.object_key = key_of(first),
                                  .chain = kChain,
                                  .range = {first, end},
                                  .next = next,
                                  .bytes = 1,
                                  .reason = "test",
                                  .created_at = kNoon,
                                  .writer = "test"};
    put_override(override.object_key, to_json(override));
  }
  void put_override(const std::string& object_key, const std::string& text) {
    EXPECT_TRUE(store_.put_new(lake::override_key(object_key), text, {}, "application/json"));
  }
  void hint(const std::string& key, log::Offset end) {
    ASSERT_TRUE(store_.put_hint(lake::Places().head_key(kChain), to_json(lake::ChainHead{kChain, end, key}),
                                "application/json"));
  }
  LakeReader reader(store::ObjectStore& store) {
    auto overrides = read_overrides(store, lake::Places());
    EXPECT_TRUE(overrides) << overrides.error().message;
    return {store, lake::Places(), *std::move(overrides)};
  }
  LakeReader reader() { return reader(store_); }
  ChainPoint point() {
    const log::Partition partitions[] = {0};
    const auto points = reader().chain_points(kTopic, partitions);
    EXPECT_TRUE(points) << points.error().message;
    return points ? points->at(0) : ChainPoint{};
  }
  std::optional<ChainPoint> next(log::Offset at) {
    const auto found = reader().next_object(kChain, at, kNoon, lake::Compression::none);
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or(std::nullopt);
  }

  store::MemoryStore store_;
};

TEST_F(OverridesTest, ThereAreNoneInALakeOfLayout1AndNobodyAsks) {
  store::FaultyStore counted(store_, [](const store::StoreCall&) { return store::Fault::none; });
  const auto none = read_overrides(counted, lake::Places(1));
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->empty());
  EXPECT_EQ(counted.calls(), 0U);
}

TEST_F(OverridesTest, AnIgnoredObjectAtTheEndKeepsItsPlace) {
  put(0, 10);
  put(10, 20, false);
  ignore(10, 20, 20);
  EXPECT_EQ(point().end, 20);
  EXPECT_FALSE(point().object) << "nothing to compare with the log";
  ASSERT_TRUE(next(10));
  EXPECT_EQ(next(10)->end, 20);
  hint(key_of(10), 20);
  EXPECT_EQ(point().end, 20);
  EXPECT_TRUE(point().hinted);
}

TEST_F(OverridesTest, AChainMayBeginWithAnIgnoredObject) {
  put(0, 10, false);
  ignore(0, 10, 10);
  EXPECT_EQ(point().end, 10);
  put(10, 20);
  EXPECT_EQ(point().end, 20);
}

TEST_F(OverridesTest, AnObjectWhosePlaceIsFreeIsAsIfItWereNotThere) {
  put(0, 40);
  put(25, 60);
  EXPECT_EQ(point().end, 60);
  hint(key_of(25), 60);
  ignore(25, 60, 25);
  EXPECT_EQ(point().end, 40);
  EXPECT_FALSE(point().hinted) << "a hint that names it does not hold";
  EXPECT_FALSE(next(25));
}

TEST_F(OverridesTest, AnIgnoredObjectIsInNoListing) {
  put(0, 10);
  put(10, 20);
  put(20, 30);
  ignore(10, 20, 20);
  const auto plan = reader().load_plan({}, {}, {});
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->chains.size(), 1U);
  ASSERT_EQ(plan->chains.front().objects.size(), 2U);
  EXPECT_EQ(plan->chains.front().objects.back().place.first, 20);
  const auto hour = std::chrono::floor<std::chrono::hours>(kNoon);
  EXPECT_EQ(reader().objects_of(kChain, hour, hour)->size(), 2U);
  EXPECT_EQ(reader().newest_hours(kTopic, 3)->size(), 1U);
}

TEST_F(OverridesTest, AnHourOfIgnoredObjectsAloneHasNone) {
  put(0, 10);
  ignore(0, 10, 10);
  EXPECT_FALSE(*reader().first_hour_of(kChain));
  EXPECT_TRUE(reader().newest_hours(kTopic, 3)->empty());
}

TEST_F(OverridesTest, WhatAKeptPlaceLeavesMissingIsAGap) {
  put(0, 10);
  put(10, 20);
  put(20, 50);
  put(30, 60);
  ignore(10, 20, 20);
  ignore(30, 60, 30);
  const auto gaps = reader().gaps();
  ASSERT_TRUE(gaps);
  ASSERT_EQ(gaps->gaps.size(), 1U);
  EXPECT_EQ(gaps->gaps.front().range, (lake::OffsetRange{10, 20}));
  EXPECT_TRUE(gaps->problems.empty());
}

TEST_F(OverridesTest, WhatCannotBeReadStopsTheChainsOfItsTopicByName) {
  put(0, 10);
  put_override(put(10, 20), R"({"version":2})");
  const log::Partition partitions[] = {0};
  const auto points = reader().chain_points(kTopic, partitions);
  ASSERT_FALSE(points);
  EXPECT_EQ(points.error().kind, ErrorKind::bad_input);
  EXPECT_NE(points.error().message.find(lake::override_key(key_of(10))), std::string::npos);
  const log::TopicId other = *base::parse_uuid("5e6f7a8b-0000-4000-8000-000000000000");
  EXPECT_TRUE(reader().chain_points(other, partitions));
  EXPECT_EQ(reader().load_plan({}, {}, {})->chains.front().objects.size(), 1U) << "it is not loaded";
  EXPECT_EQ(reader().gaps()->problems.size(), 1U);
  EXPECT_TRUE(reader().gaps()->gaps.empty());
}

TEST_F(OverridesTest, OneThatIsAboutAnotherObjectCannotBeRead) {
  put(0, 10);
  put(10, 20);
  ignore(0, 10, 10);
  put_override(key_of(10), store_.get(lake::override_key(key_of(0)))->body);
  EXPECT_EQ(reader().overrides().unreadable().size(), 1U);
}

TEST_F(OverridesTest, FilesOfOtherNamesAreNobodys) {
  ASSERT_TRUE(store_.put_new("_pipeline/overrides/README.md", "x", {}, "text/plain"));
  EXPECT_TRUE(reader().overrides().empty());
}

}  // namespace
}  // namespace sdp::lake_reader
