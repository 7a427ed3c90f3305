#include "repair/repair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "lake/hour_marker.h"
#include "lake/layout.h"
#include "lake/places.h"
#include "lake_reader/lake_reader.h"
#include "store/memory/memory_store.h"
#include "support/lake_builder.h"

namespace sdp::repair {
namespace {

using ::testing::HasSubstr;

class RepairTest : public testing::Test {
 protected:
  RepairTest() { put(std::string(lake::Places().layout_key()), to_json(lake::LakeLayout{})); }

  void put(const std::string& key, const std::string& text) {
    EXPECT_TRUE(store_.put_new(key, text, {}, "application/json"));
  }
  std::string put(log::Offset first, log::Offset end) {
    const support::BuiltObject object = builder_.build(0, first, end);
    EXPECT_TRUE(support::put(store_, object));
    return object.key;
  }
  /// As a tool copies it that knows of no metadata.
  std::string put_bare(log::Offset first, log::Offset end) {
    const support::BuiltObject object = builder_.build(0, first, end);
    EXPECT_TRUE(store_.put_new(object.key, object.body, {}, "application/x-ndjson"));
    return object.key;
  }
  Result<Repair> run(const std::string& key, bool apply = true, const std::string& reason = "why") {
    RepairOptions options{.object_key = key, .reason = reason, .writer = "test", .apply = apply};
    options.check_sinks_stopped = [this] {
      ++asked_;
      return sinks_;
    };
    return repair(store_, clock_, options);
  }
  log::Offset chain_end() {
    auto overrides = lake_reader::read_overrides(store_, lake::Places());
    const lake_reader::LakeReader reader(store_, lake::Places(), *std::move(overrides));
    const log::Partition partitions[] = {0};
    return reader.chain_points(builder_.id(), partitions)->at(0).end;
  }

  store::MemoryStore store_;
  base::ManualClock clock_{UtcMillis(std::chrono::milliseconds(1'771'177'956'123))};
  const support::LakeBuilder builder_;
  Result<void> sinks_;
  int asked_ = 0;
};

TEST_F(RepairTest, ADryRunWritesNothing) {
  put(0, 10);
  const std::string key = put(10, 20);
  const auto found = run(key, false);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->plan.missing, (std::vector<lake::OffsetRange>{{10, 20}}));
  EXPECT_FALSE(*store_.head(lake::override_key(key)));
}

TEST_F(RepairTest, WhatIsAppliedStandsAndMayBeRepeated) {
  put(0, 10);
  const std::string key = put(10, 20);
  const auto first = run(key);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_FALSE(first->was_there);
  EXPECT_EQ(asked_, 0) << "any sink may go on";
  const std::string text = store_.get(lake::override_key(key))->body;
  const auto stored = lake::override_from_json(text);
  ASSERT_TRUE(stored);
  EXPECT_EQ(*stored, first->override);
  EXPECT_EQ(stored->bytes, store_.head(key).value()->bytes);
  clock_.advance(std::chrono::hours(1));
  EXPECT_TRUE(run(key)->was_there);
  EXPECT_EQ(store_.get(lake::override_key(key))->body, text);
  EXPECT_EQ(chain_end(), 20);
}

TEST_F(RepairTest, NonsenseIsRefusedByName) {
  const std::string key = put(0, 10);
  const auto refused = [&](const std::string& object) {
    const auto done = run(object);
    EXPECT_FALSE(done);
    EXPECT_EQ(done.error().kind, ErrorKind::misconfigured);
    return done.error().message;
  };
  EXPECT_THAT(refused("bronze/none.json"), HasSubstr("not the name of an object"));
  EXPECT_THAT(refused(std::string(lake::Places().layout_key())), HasSubstr("not the name of an object"));
  EXPECT_THAT(refused(builder_.build(0, 10, 20).key), HasSubstr("there is no object"));
  ASSERT_TRUE(run(key));
  const auto other = run(key, true, "something else");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(other.error().message, HasSubstr("ignored already, for another reason: why"));
}

TEST_F(RepairTest, LakesWithoutOverridesAreRefused) {
  store::MemoryStore old;
  EXPECT_TRUE(
      old.put_new(lake::Places(1).layout_key(), to_json(lake::LakeLayout{.version = 1}), {}, "text/plain"));
  const support::BuiltObject object = builder_.build(0, 0, 10);
  EXPECT_TRUE(support::put(old, object));
  const RepairOptions options{.object_key = object.key, .reason = "why", .writer = "test", .apply = true};
  const auto refused = repair(old, clock_, options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(refused.error().message, HasSubstr("lake upgrade"));
  store::MemoryStore empty;
  EXPECT_EQ(repair(empty, clock_, options).error().kind, ErrorKind::misconfigured);
}

TEST_F(RepairTest, AnEndThatMovesBackWantsSinksStopped) {
  put(0, 40);
  const std::string key = put(25, 60);
  sinks_ = fail(ErrorKind::retry, "one runs");
  const auto refused = run(key);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::retry);
  EXPECT_FALSE(*store_.head(lake::override_key(key)));
  sinks_ = {};
  const auto done = run(key);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(done->plan.moves_end);
  EXPECT_EQ(asked_, 2);
  EXPECT_EQ(chain_end(), 40);
}

TEST_F(RepairTest, ASinkThatWroteMeanwhileIsNoticed) {
  put(0, 40);
  const std::string key = put(25, 60);
  RepairOptions options{.object_key = key, .reason = "why", .writer = "test", .apply = true};
  options.check_sinks_stopped = [this] {
    put(60, 70);
    return Result<void>();
  };
  const auto refused = repair(store_, clock_, options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::retry);
  EXPECT_FALSE(*store_.head(lake::override_key(key)));
}

TEST_F(RepairTest, AClosedHourKeepsThePlace) {
  put(0, 40);
  const std::string key = put(25, 60);
  const lake::ChainId chain{builder_.id(), 0};
  const lake::Hour hour = *lake::parse_hour("2026-02-15T17");
  put(lake::Places().begin_key(chain), to_json(lake::ChainBegin{chain, hour}));
  put(lake::Places().marker_key(chain, hour),
      to_json(lake::HourMarker{.topic = "spotify-events",
                               .chain = chain,
                               .partitions = 1,
                               .hour = hour,
                               .range = {0, 60},
                               .objects = 2,
                               .records = 75,
                               .rejected = 0,
                               .sha256 = std::string(64, '0'),
                               .list = std::vector<lake::ListedRange>{}}));
  const auto done = run(key);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(asked_, 0);
  EXPECT_EQ(chain_end(), 60);
}

TEST_F(RepairTest, AnObjectWithoutMetadataIsPlacedByItsNeighbours) {
  put(0, 10);
  const std::string key = put_bare(10, 20);
  EXPECT_EQ(run(key, false)->override.range, (lake::OffsetRange{10, 20})) << "its lines tell";
  put(30, 40);
  const auto done = run(key);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->override.range, (lake::OffsetRange{10, 30})) << "ranges tile";
  EXPECT_EQ(done->override.chain.topic_id, builder_.id());
}

TEST_F(RepairTest, WhereNothingTellsItIsSaid) {
  const std::string key = put_bare(0, 10);
  EXPECT_THAT(run(key).error().message, HasSubstr("id of its topic"));
  const support::BuiltObject object = builder_.build(1, 10, 20);
  EXPECT_TRUE(store_.put_new(object.key, "no lines", {}, "application/x-ndjson"));
  EXPECT_TRUE(support::put(store_, builder_.build(1, 0, 10)));
  EXPECT_THAT(run(object.key).error().message, HasSubstr("where it ends"));
}

TEST_F(RepairTest, OfSeveralAtOnceOneHoldsAndTheOthersFindIt) {
  put(0, 10);
  const std::string key = put(10, 20);
  std::vector<Result<Repair>> done(8, Result<Repair>(Repair{}));
  {
    std::vector<std::jthread> threads;
    for (auto& one : done) {
      threads.emplace_back([&] {
        one = repair(store_, clock_, {.object_key = key, .reason = "why", .writer = "test", .apply = true});
      });
    }
  }
  int wrote = 0;
  for (const auto& one : done) {
    ASSERT_TRUE(one) << one.error().message;
    wrote += !one->was_there;
  }
  EXPECT_EQ(wrote, 1);
}

TEST_F(RepairTest, APartThatIsInUseStaysTheOne) {
  const std::string key = put(0, 40);
  const auto use = [&](lake::OffsetRange range) {
    return repair(store_, clock_,
                  {.object_key = key, .reason = "why", .writer = "test", .use = range, .apply = true});
  };
  const auto first = use({10, 20});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE(use({10, 20})->was_there);
  for (const lake::OffsetRange other : {lake::OffsetRange{10, 30}, lake::OffsetRange{30, 40}}) {
    const auto refused = use(other);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::misconfigured);
    EXPECT_THAT(refused.error().message, HasSubstr(first->part->key + " has [10, 20)"));
  }
}

TEST_F(RepairTest, WhatIsIgnoredAlreadyCoversNothing) {
  const std::string key = put(0, 40);
  const std::string stray = put(25, 60);
  put(60, 70);
  ASSERT_TRUE(run(stray));
  EXPECT_EQ(run(key)->plan.missing, (std::vector<lake::OffsetRange>{{0, 40}}));
}

}  // namespace
}  // namespace sdp::repair
