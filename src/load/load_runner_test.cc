#include "load/load_runner.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "load/lake_builder.h"
#include "store/memory/faulty_store.h"
#include "store/memory/memory_store.h"
#include "warehouse/duckdb/duckdb_warehouse.h"

namespace sdp::load {
namespace {

class LoadRunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              fmt::format("sdp-load-{}-{}", getpid(),
                          testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
    auto warehouse =
        warehouse::DuckDbWarehouse::open({.path = folder_ / "spotify_db.duckdb"}, base::system_clock());
    ASSERT_TRUE(warehouse) << warehouse.error().message;
    warehouse_ = std::move(*warehouse);
    ASSERT_TRUE(warehouse_->init());
  }
  void TearDown() override {
    warehouse_.reset();
    std::filesystem::remove_all(folder_);
  }

  BuiltObject make(log::Partition partition, log::Offset first, log::Offset end,
                   lake::Compression compression = lake::Compression::none) {
    return lake_.build(partition, first, end, compression);
  }
  void put(const BuiltObject& object) { ASSERT_TRUE(load::put(store_, object)); }
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

  std::filesystem::path folder_;
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
  ASSERT_TRUE(store_.put_new(lake::gap_key(chain, 20), to_json(lake::Gap{"spotify-events", chain, {20, 25}}),
                             {}, "application/json"));
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
  short_of_a_line.body.resize(short_of_a_line.body.rfind('\n', short_of_a_line.body.size() - 2) + 1);
  short_of_a_line.meta.sha256 = base::sha256_hex(short_of_a_line.body);
  BuiltObject foreign_line = make(3, 0, 1);
  foreign_line.body = make(4, 0, 1).body;
  foreign_line.meta.sha256 = base::sha256_hex(foreign_line.body);
  for (const BuiltObject& made : {flipped, swapped, short_of_a_line, foreign_line, make(0, 20, 30), make(5, 0, 10)})
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

TEST_F(LoadRunnerTest, ForeignNamesAreLeftAloneButTold) {
  put(make(0, 0, 10));
  ASSERT_TRUE(store_.put_new("bronze/date=2026-02-15/hour=17/notes.txt", "hello", {}, "text/plain"));
  EXPECT_EQ(load().foreign.size(), 1u);
  EXPECT_EQ(rows(), "9+1/1");
}

TEST_F(LoadRunnerTest, ManySmallTransactionsLoadTheSame) {
  options_.transaction_objects = 3;
  for (int i = 0; i < 50; ++i) put(make(i % 3, i / 3 * 10, i / 3 * 10 + 10));
  const LoadSummary summary = load();
  EXPECT_EQ(summary.transactions, 17u);
  EXPECT_EQ(rows(), "450+50/50");
}

TEST_F(LoadRunnerTest, FailureBetweenTransactionsLeavesOnlyWholeOnes) {
  options_.transaction_objects = 2;
  options_.fetch.threads = 1;
  for (int i = 0; i < 10; ++i) put(make(0, i * 10, i * 10 + 10));
  std::deque<store::Fault> script(7, store::Fault::none);
  script.push_back(store::Fault::error_before);
  store::FaultyStore faulty(store_, store::scripted_faults(store::StoreOp::get, script));
  LoadRunner runner(faulty, *warehouse_, base::system_clock(), options_);
  EXPECT_FALSE(runner.run({}));
  EXPECT_EQ(rows(), "54+6/6");
  EXPECT_TRUE(load().problems.empty());
  EXPECT_EQ(rows(), "90+10/10");
}

}  // namespace
}  // namespace sdp::load
