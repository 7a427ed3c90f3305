#include "load/load_runner.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <mutex>
#include <set>

#include "load/extract.h"
#include "store/memory/faulty_store.h"
#include "store/memory/memory_store.h"
#include "support/lake_builder.h"
#include "support/temporary_folder.h"
#include "warehouse/duckdb/duckdb_warehouse.h"

namespace sdp::load {
namespace {

using support::BuiltObject;
using support::LakeBuilder;

class LoadRunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto warehouse = warehouse::DuckDbWarehouse::open({.path = folder_.path() / "spotify_db.duckdb"},
                                                      base::system_clock());
    ASSERT_TRUE(warehouse) << warehouse.error().message;
    warehouse_ = std::move(*warehouse);
    ASSERT_TRUE(warehouse_->init());
  }

  BuiltObject make(log::Partition partition, log::Offset first, log::Offset end,
                   lake::Compression compression = lake::Compression::none) {
    return lake_.build(partition, first, end, compression);
  }
  void put(const BuiltObject& object) { ASSERT_TRUE(support::put(store_, object)); }
  LoadSummary load() { return load_from(store_); }
  LoadSummary load_from(store::ObjectStore& store) {
    LoadRunner runner(store, *warehouse_, base::system_clock(), options_);
    auto summary = runner.run({});
    EXPECT_TRUE(summary) << summary.error().message;
    return summary ? *summary : LoadSummary{};
  }
  std::string one(std::string_view sql) { return warehouse_->query(sql)->rows.at(0).at(0).value_or("NULL"); }
  std::string rows() {
    return one(
        "SELECT (SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS) || '+' || (SELECT count(*) FROM "
        "BRONZE.REJECTED_EVENTS) || "
        "'/' || (SELECT count(*) FROM BRONZE.LOAD_LEDGER)");
  }

  support::TemporaryFolder folder_;
  std::unique_ptr<warehouse::DuckDbWarehouse> warehouse_;
  store::MemoryStore store_;
  LoadOptions options_{.listing_pause = std::chrono::milliseconds(1)};
  const LakeBuilder lake_;
};

TEST_F(LoadRunnerTest, LoadsEveryChainOnceHoweverOftenItRuns) {
  put(make(0, 0, 20));
  put(make(0, 20, 40, lake::Compression::none));
  put(make(1, 0, 30));
  const LoadSummary first = load();
  EXPECT_EQ(first.counts.objects, 3u);
  EXPECT_EQ(first.counts.rows, 63u);
  EXPECT_EQ(first.counts.rejected, 7u);
  EXPECT_TRUE(first.problems.empty());
  const LoadSummary second = load();
  EXPECT_EQ(second.counts.objects, 0u);
  EXPECT_EQ(second.loaded_already, 3u);
  EXPECT_EQ(rows(), "63+7/3");
}

TEST_F(LoadRunnerTest, CompressedObjectsLoadTheSame) {
  put(make(0, 0, 20, lake::Compression::gzip));
  put(make(1, 0, 20, lake::Compression::zstd));
  EXPECT_TRUE(load().problems.empty());
  EXPECT_EQ(rows(), "36+4/2");
}

TEST_F(LoadRunnerTest, HoleStopsItsChainAndIsNamed) {
  put(make(0, 0, 20));
  put(make(0, 25, 40));
  put(make(1, 0, 10));
  const LoadSummary summary = load();
  ASSERT_EQ(summary.problems.size(), 1u);
  EXPECT_EQ(summary.problems[0].kind, ErrorKind::data_gap);
  EXPECT_NE(summary.problems[0].message.find("[20, 25)"), std::string::npos) << summary.problems[0].message;
  EXPECT_EQ(rows(), "27+3/2");
  put(make(0, 20, 25));
  EXPECT_TRUE(load().problems.empty());
  EXPECT_EQ(rows(), "45+5/4");
}

TEST_F(LoadRunnerTest, AcknowledgedGapIsPassed) {
  const lake::ChainId chain{lake_.id(), 0};
  put(make(0, 0, 20));
  put(make(0, 25, 40));
  ASSERT_TRUE(store_.put_new(lake::Places().gap_key(chain, 20),
                             to_json(lake::Gap{"spotify-events", chain, {20, 25}}), {}, "application/json"));
  EXPECT_TRUE(load().problems.empty());
  EXPECT_EQ(rows(), "31+4/2");
}

TEST_F(LoadRunnerTest, OverlapIsNamedAndNotLoaded) {
  put(make(0, 0, 20));
  put(make(0, 15, 40));
  const LoadSummary summary = load();
  ASSERT_EQ(summary.problems.size(), 1u);
  EXPECT_NE(summary.problems[0].message.find("starts at offset 15"), std::string::npos)
      << summary.problems[0].message;
  EXPECT_EQ(rows(), "18+2/1");
}

TEST_F(LoadRunnerTest, DamagedObjectsAreNamedAndStopOnlyTheirChain) {
  BuiltObject flipped = make(0, 0, 20);
  flipped.body[30] ^= 1;
  BuiltObject swapped = make(1, 0, 20);
  swapped.meta.range = {1, 21};
  BuiltObject short_of_a_line = make(2, 0, 20);
  const std::string& whole = short_of_a_line.body;
  set_body(short_of_a_line, whole.substr(0, whole.rfind('\n', whole.size() - 2) + 1));
  BuiltObject foreign_line = make(3, 0, 1);
  set_body(foreign_line, make(4, 0, 1).body);
  for (const BuiltObject& made :
       {flipped, swapped, short_of_a_line, foreign_line, make(0, 20, 30), make(5, 0, 10)})
    put(made);
  const LoadSummary summary = load();
  ASSERT_EQ(summary.problems.size(), 4u);
  for (const Error& problem : summary.problems)
    EXPECT_EQ(problem.kind, ErrorKind::bad_input) << problem.message;
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NE(summary.problems[i].message.find(fmt::format("_p{}_o", i)), std::string::npos)
        << summary.problems[i].message;
  }
  EXPECT_EQ(rows(), "9+1/1");
}

TEST_F(LoadRunnerTest, LinesThatAreWholeButNotThoseThatWereWrittenAreNotLoaded) {
  BuiltObject changed = make(0, 0, 5);
  const auto at = changed.body.find(R"("n":3)");
  ASSERT_NE(at, std::string::npos);
  changed.body[at + 4] = '7';
  put(changed);
  const LoadSummary summary = load();
  ASSERT_EQ(summary.problems.size(), 1u);
  EXPECT_NE(summary.problems[0].message.find("sha256"), std::string::npos) << summary.problems[0].message;
  EXPECT_EQ(rows(), "0+0/0");
}

TEST_F(LoadRunnerTest, ForeignNamesAreLeftAloneButTold) {
  put(make(0, 0, 10));
  ASSERT_TRUE(store_.put_new("bronze/date=2026-02-15/hour=17/notes.txt", "hello", {}, "text/plain"));
  EXPECT_EQ(load().foreign.size(), 1u);
  EXPECT_EQ(rows(), "9+1/1");
}

TEST_F(LoadRunnerTest, ManySmallTransactionsLoadTheSame) {
  options_.transaction.objects = 3;
  for (int i = 0; i < 50; ++i) put(make(i % 3, i / 3 * 10, i / 3 * 10 + 10));
  const LoadSummary summary = load();
  EXPECT_EQ(summary.transactions, 17u);
  EXPECT_EQ(rows(), "450+50/50");
}

TEST_F(LoadRunnerTest, WhatTheStoreGaveBeforeItFailedIsLoaded) {
  options_.transaction.objects = 2;
  options_.fetch.threads = 1;
  for (int i = 0; i < 10; ++i) put(make(0, i * 10, i * 10 + 10));
  std::deque<store::Fault> script(7, store::Fault::none);
  script.push_back(store::Fault::error_before);
  store::FaultyStore faulty(store_, store::scripted_faults(store::StoreOp::get, script));
  LoadRunner runner(faulty, *warehouse_, base::system_clock(), options_);
  EXPECT_FALSE(runner.run({}));
  EXPECT_EQ(rows(), "63+7/7");
  EXPECT_TRUE(load().problems.empty());
  EXPECT_EQ(rows(), "90+10/10");
}

TEST_F(LoadRunnerTest, ObjectPutWhileWeListIsFoundByTheNextListing) {
  put(make(0, 0, 20));
  put(make(0, 25, 40));
  const auto put_late = [&](const store::StoreCall& call) {
    if (call.op == store::StoreOp::list && call.key == lake::kBronzePrefix) put(make(0, 20, 25));
  };
  store::FaultyStore busy(store_, [](const store::StoreCall&) { return store::Fault::none; },
                          {.before = {}, .after = put_late});
  const LoadSummary summary = load_from(busy);
  EXPECT_TRUE(summary.problems.empty());
  EXPECT_EQ(summary.counts.objects, 3u);
  EXPECT_EQ(summary.loaded_already, 0u);
}

TEST_F(LoadRunnerTest, ChainWhoseFirstOffsetsAreMissingIsAHole) {
  put(make(0, 10, 20));
  const LoadSummary summary = load();
  ASSERT_EQ(summary.problems.size(), 1u);
  EXPECT_NE(summary.problems[0].message.find("[0, 10)"), std::string::npos) << summary.problems[0].message;
  const lake::ChainId chain{lake_.id(), 0};
  ASSERT_TRUE(store_.put_new(lake::Places().gap_key(chain, 0),
                             to_json(lake::Gap{"spotify-events", chain, {0, 10}}), {}, "application/json"));
  EXPECT_TRUE(load().problems.empty());
  EXPECT_EQ(rows(), "9+1/1");
}

TEST_F(LoadRunnerTest, DamagedGapRecordIsNamedAndStopsOnlyItsChain) {
  put(make(0, 0, 20));
  put(make(0, 25, 40));
  put(make(1, 0, 10));
  const std::string key = lake::Places().gap_key({lake_.id(), 0}, 20);
  ASSERT_TRUE(store_.put_new(key, "{", {}, "application/json"));
  const LoadSummary summary = load();
  ASSERT_EQ(summary.problems.size(), 2u);
  EXPECT_NE(summary.problems[0].message.find(key), std::string::npos) << summary.problems[0].message;
  EXPECT_EQ(summary.problems[1].kind, ErrorKind::data_gap);
  EXPECT_EQ(rows(), "27+3/2");
}

TEST_F(LoadRunnerTest, RecreatedTopicIsLoadedBesideTheOldOne) {
  const LakeBuilder recreated(*base::parse_uuid("99999999-0000-4000-8000-000000000000"));
  put(make(0, 0, 20));
  put(recreated.build(0, 0, 10));
  EXPECT_TRUE(load().problems.empty());
  put(recreated.build(0, 10, 20));
  EXPECT_TRUE(load().problems.empty());
  EXPECT_EQ(rows(), "36+4/3");
  EXPECT_EQ(warehouse_->loaded_chains()->size(), 2u);
}

TEST_F(LoadRunnerTest, CompleteHoursLoadUpToTheirLastOffsetAndTheRestLater) {
  for (const log::Partition partition : {0, 1}) {
    put(make(partition, 0, 20));
    put(make(partition, 20, 40));
    lake::HourMarker marker;
    marker.chain = {lake_.id(), partition};
    marker.partitions = 2;
    marker.hour = *lake::parse_hour("2026-02-15T17");
    marker.range = {0, 20};
    const lake::ChainBegin begin{marker.chain, marker.hour};
    ASSERT_TRUE(
        store_.put_new(lake::Places().begin_key(marker.chain), to_json(begin), {}, "application/json"));
    options_.hours.complete = true;
    EXPECT_EQ(load().counts.objects, 0u) << "partition 1 has not closed the hour";
    ASSERT_TRUE(store_.put_new(lake::Places().marker_key(marker.chain, marker.hour), to_json(marker), {},
                               "application/json"));
  }
  options_.hours.to = *lake::parse_hour("2026-02-15T16");
  EXPECT_EQ(load().counts.objects, 0u);
  options_.hours.to.reset();
  const LoadSummary complete = load();
  EXPECT_EQ(complete.counts.objects, 2u);
  EXPECT_EQ(complete.left_for_later, 2u);
  EXPECT_EQ(rows(), "36+4/2");
  options_.hours.complete = false;
  EXPECT_EQ(load().counts.objects, 2u);
  EXPECT_EQ(rows(), "72+8/4");
}

TEST_F(LoadRunnerTest, WhatIsExtractedOfCompleteHoursLoadsLikeTheLakeItself) {
  put(make(0, 0, 20));
  put(make(0, 20, 40));
  lake::HourMarker marker;
  marker.chain = {lake_.id(), 0};
  marker.partitions = 1;
  marker.hour = *lake::parse_hour("2026-02-15T17");
  marker.range = {0, 20};
  const lake::ChainBegin begin{marker.chain, marker.hour};
  ASSERT_TRUE(store_.put_new(lake::Places().begin_key(marker.chain), to_json(begin), {}, "application/json"));
  ASSERT_TRUE(store_.put_new(lake::Places().marker_key(marker.chain, marker.hour), to_json(marker), {},
                             "application/json"));
  options_.hours.complete = true;
  store::MemoryStore stage;
  const auto plan = [&] {
    return plan_new_objects(lake_reader::LakeReader(store_, lake::Places()), *read_ledger(*warehouse_),
                            options_.hours, OtherLake::refuse);
  };
  const auto extracted = extract(store_, *plan(), {}, stage, {});
  ASSERT_TRUE(extracted) << extracted.error().message;
  EXPECT_EQ(extracted->objects, 1u);
  options_.hours.complete = false;
  EXPECT_EQ(load_from(stage).counts.objects, 1u);
  EXPECT_EQ(load_from(stage).counts.objects, 0u);
  EXPECT_EQ(rows(), "18+2/1");
  const auto rest = plan();
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->loaded_already, 1u);
  EXPECT_EQ(extract(store_, *rest, {}, stage, {})->objects, 1u);
  EXPECT_EQ(load_from(stage).counts.objects, 1u);
  EXPECT_EQ(rows(), "36+4/2");
}

TEST_F(LoadRunnerTest, StoppedLoadKeepsWholeTransactionsAndGoesOn) {
  options_.transaction.objects = 2;
  options_.fetch.threads = 1;
  for (int i = 0; i < 10; ++i) put(make(0, i * 10, i * 10 + 10));
  std::stop_source stop;
  const auto stop_at_the_sixth = [&](const store::StoreCall& call) {
    if (call.op == store::StoreOp::get && call.key == make(0, 50, 60).key) stop.request_stop();
  };
  store::FaultyStore busy(store_, [](const store::StoreCall&) { return store::Fault::none; },
                          {.before = stop_at_the_sixth, .after = {}});
  const auto summary = LoadRunner(busy, *warehouse_, base::system_clock(), options_).run(stop.get_token());
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::interrupted);
  EXPECT_LT(warehouse_->loaded_objects()->size(), 10u);
  EXPECT_TRUE(load().problems.empty());
  EXPECT_EQ(rows(), "90+10/10");
}

TEST_F(LoadRunnerTest, WhatStandsBehindADamagedObjectIsNotFetched) {
  BuiltObject damaged = make(0, 0, 10);
  damaged.body[3] ^= 1;
  put(damaged);
  for (int i = 1; i < 50; ++i) put(make(0, i * 10, i * 10 + 10));
  int gets = 0;
  std::mutex mutex;
  const auto count_gets = [&](const store::StoreCall& call) {
    const std::lock_guard lock(mutex);
    if (call.op == store::StoreOp::get) ++gets;
  };
  store::FaultyStore counted(store_, [](const store::StoreCall&) { return store::Fault::none; },
                             {.before = count_gets, .after = {}});
  options_.fetch.objects = 4;
  EXPECT_EQ(load_from(counted).problems.size(), 1u);
  EXPECT_LE(gets, 10);
}

/// A ledger and nothing else: for properties that need many loads.
class LedgerOnly final : public warehouse::Warehouse {
 public:
  std::map<std::string, lake::ObjectMeta> ledger;

  Result<void> init() override { return {}; }
  Result<bool> has_ledger() override { return true; }
  Result<std::vector<warehouse::LoadedChain>> loaded_chains() override {
    std::map<lake::ChainId, log::Offset> ends;
    for (const auto& [key, meta] : ledger) ends[meta.chain] = std::max(ends[meta.chain], meta.range.end);
    std::vector<warehouse::LoadedChain> chains;
    for (const auto& [chain, end] : ends) chains.push_back({chain, 0, end});
    return chains;
  }
  Result<std::vector<std::string>> loaded_objects() override {
    std::vector<std::string> keys;
    for (const auto& [key, meta] : ledger) keys.push_back(key);
    return keys;
  }
  Result<warehouse::LoadCounts> load(warehouse::ObjectSource& objects) override {
    warehouse::LoadCounts counts;
    for (; const auto object = objects.next(0); ++counts.objects) ledger.emplace(object->key, object->meta);
    return counts;
  }
  Result<warehouse::Table> query(std::string_view) override { return warehouse::Table{}; }
  Result<void> scan(std::string_view, const std::function<Result<void>(warehouse::RowView)>&) override {
    return {};
  }
  Result<void> close() override { return {}; }
  std::string describe() const override { return "ledger"; }
  std::string epoch_ms(std::string_view column) const override { return std::string(column); }
  std::string epoch_us(std::string_view column) const override { return std::string(column); }
  std::string catalogued_type(std::string_view type) const override { return std::string(type); }
  std::string columns_of_view(std::string_view /*view*/) const override { return {}; }
};

RC_GTEST_PROP(LoadRunner, LoadsEachChainUpToItsFirstHoleWhateverCameWhen, ()) {
  const LakeBuilder lake;
  LedgerOnly warehouse;
  store::MemoryStore store;
  base::ManualClock clock(UtcMillis{});
  std::vector<BuiltObject> missing;
  for (log::Partition partition = 0; partition < 3; ++partition) {
    log::Offset first = 0;
    for (const int length :
         *rc::gen::resize(15, rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 4)))) {
      missing.push_back(lake.build(partition, first, first + length));
      first += length;
    }
  }
  Rng rng(*rc::gen::arbitrary<std::uint64_t>());
  while (!missing.empty()) {
    for (std::size_t puts = rng.below(4) + 1; puts > 0 && !missing.empty(); --puts) {
      std::swap(missing[rng.below(missing.size())], missing.back());
      RC_ASSERT(put(store, missing.back()).has_value());
      missing.pop_back();
    }
    const auto summary =
        LoadRunner(store, warehouse, clock,
                   {.transaction = {.bytes = 1 << 20, .objects = rng.below(3) + 1, .held_bytes = 1 << 20}})
            .run({});
    RC_ASSERT(summary.has_value());
    std::map<log::Partition, log::Offset> first_missing;
    for (const BuiltObject& object : missing) {
      log::Offset& first =
          first_missing.try_emplace(object.meta.chain.partition, object.meta.range.first).first->second;
      first = std::min(first, object.meta.range.first);
    }
    std::set<log::Partition> stopped;
    RC_ASSERT(store
                  .list(lake::kBronzePrefix,
                        [&](const store::ListedObject& object) {
                          const auto place = *lake::parse_key(object.key);
                          const auto hole = first_missing.find(place.partition);
                          const bool is_behind = hole != first_missing.end() && place.first > hole->second;
                          RC_ASSERT(warehouse.ledger.contains(object.key) != is_behind);
                          if (is_behind) stopped.insert(place.partition);
                          return true;
                        })
                  .has_value());
    RC_ASSERT(summary->problems.size() == stopped.size());
  }
}

}  // namespace
}  // namespace sdp::load
