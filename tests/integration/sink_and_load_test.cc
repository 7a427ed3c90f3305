// One sink run and one load run with all their threads: several sinks' uploaders into one directory, then
// DuckDB's workers out of it. Under the thread sanitizer this is where a race of the two shows.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "load/load_runner.h"
#include "log/memory/memory_log.h"
#include "sink/sink_runner.h"
#include "store/directory/directory_store.h"
#include "support/temporary_folder.h"
#include "warehouse/duckdb/duckdb_warehouse.h"

namespace sdp::testing {
namespace {

constexpr int kRecords = 12'000;
constexpr log::Partition kPartitions = 4;

class SinkAndLoad : public ::testing::Test {
 protected:
  void SetUp() override {
    auto store = store::DirectoryStore::open(folder_.path() / "lake", {.sync = false});
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
    ASSERT_TRUE(store_->ensure_bucket());
    ASSERT_TRUE(log_.ensure_topic({.name = "spotify-events", .partitions = kPartitions}));
  }

  void send(int from, int to) {
    const auto producer = log_.open_producer().value();
    for (int i = from; i < to; ++i) {
      const std::string value = i % 10 == 9 ? "bad" : fmt::format(R"({{"n":{}}})", i);
      ASSERT_TRUE(producer->send(fmt::format("user-{}", i % 97), value));
    }
    ASSERT_TRUE(producer->flush(std::chrono::seconds(20)));
  }

  void sink_all() {
    sink::SinkOptions options;
    options.limits.records_max = 100;
    options.compression = lake::Compression::zstd;
    options.upload_threads = 3;
    sink::SinkObserver observer;
    sink::SinkRunner runner(log_, *store_, base::system_clock(), options, observer);
    runner.finish_when_caught_up();
    const auto done = runner.run({});
    EXPECT_TRUE(done) << done.error().message;
  }

  support::TemporaryFolder folder_;
  log::MemoryLog log_{{}, base::system_clock(), Rng(1)};
  std::unique_ptr<store::DirectoryStore> store_;
};

TEST_F(SinkAndLoad, EveryRecordGoesFromTheLogToItsTableOnce) {
  send(0, kRecords / 2);
  {
    std::vector<std::jthread> sinks;
    for (int i = 0; i < 2; ++i) sinks.emplace_back([this] { sink_all(); });
    send(kRecords / 2, kRecords);
  }
  sink_all();

  auto warehouse = warehouse::DuckDbWarehouse::open(
      {.path = folder_.path() / "spotify_db.duckdb", .threads = 4}, base::system_clock());
  ASSERT_TRUE(warehouse) << warehouse.error().message;
  ASSERT_TRUE((*warehouse)->init());
  load::LoadRunner loader(*store_, **warehouse, base::system_clock());
  const auto summary = loader.run({});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_TRUE(summary->problems.empty()) << summary->problems.front().message;
  EXPECT_EQ(summary->counts.rows, kRecords - kRecords / 10);
  EXPECT_EQ(summary->counts.rejected, kRecords / 10);
  EXPECT_GT(summary->counts.objects, 50U) << "too few objects for several workers";
  const auto distinct =
      (*warehouse)
          ->query(
              "SELECT count(DISTINCT payload), count(DISTINCT (kafka_partition, kafka_offset)) FROM "
              "BRONZE.SPOTIFY_EVENTS");
  ASSERT_TRUE(distinct) << distinct.error().message;
  EXPECT_EQ(distinct->rows.at(0).at(0), std::to_string(kRecords - kRecords / 10));
  EXPECT_EQ(distinct->rows.at(0).at(1), std::to_string(kRecords - kRecords / 10));
}

}  // namespace
}  // namespace sdp::testing
