#include <fmt/core.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include "load/load_runner.h"
#include "store/memory/memory_store.h"
#include "support/lake_builder.h"
#include "support/temporary_folder.h"
#include "warehouse/duckdb/duckdb_warehouse.h"

namespace sdp::load {
namespace {

using support::LakeBuilder;

constexpr int kKills = 20;
constexpr int kObjects = 60;
constexpr log::Offset kLines = 400;

/// Loaders in processes of their own, which are killed at random moments. They see the lake as it was when
/// they were forked off, so a lake in memory will do.
class LoadCrashTest : public testing::Test {
 protected:
  void SetUp() override {
    const LakeBuilder lake;
    for (int i = 0; i < kObjects; ++i) {
      const log::Offset first = i / 3 * kLines;
      ASSERT_TRUE(put(store_, lake.build(i % 3, first, first + kLines, lake::Compression::zstd)));
    }
  }

  std::unique_ptr<warehouse::DuckDbWarehouse> open() const {
    auto warehouse = warehouse::DuckDbWarehouse::open({.path = folder_.path() / "spotify_db.duckdb"},
                                                      base::system_clock());
    EXPECT_TRUE(warehouse) << warehouse.error().message;
    if (!warehouse) return nullptr;
    const auto init = (*warehouse)->init();
    EXPECT_TRUE(init) << init.error().message;
    return *std::move(warehouse);
  }
  bool load() {
    const auto warehouse = open();
    if (!warehouse) return false;
    LoadRunner runner(store_, *warehouse, base::system_clock(),
                      {.transaction = {.bytes = 1 << 20, .objects = 4, .held_bytes = 1 << 20}});
    const auto summary = runner.run({});
    return summary && summary->problems.empty();
  }
  /// True when the loader was killed before it was done.
  bool load_and_kill(std::chrono::microseconds after) {
    const pid_t child = fork();
    if (child == 0) _exit(load() ? 0 : 1);
    std::this_thread::sleep_for(after);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
  }
  /// Objects in the ledger; every one of them has exactly its rows, and there are no others.
  int check_ledger() const {
    const auto warehouse = open();
    if (!warehouse) return -1;
    const auto wrong = warehouse->query(
        "WITH rows AS (SELECT object_key, kafka_offset, 0 AS bad FROM BRONZE.SPOTIFY_EVENTS UNION ALL "
        "              SELECT object_key, kafka_offset, 1 FROM BRONZE.REJECTED_EVENTS), "
        "counted AS (SELECT object_key, count(*) AS n, count(DISTINCT kafka_offset) AS offsets, sum(bad) AS "
        "bad "
        "            FROM rows GROUP BY ALL) "
        "SELECT * FROM counted FULL JOIN BRONZE.LOAD_LEDGER USING (object_key) "
        "WHERE n IS DISTINCT FROM records OR offsets IS DISTINCT FROM records OR bad IS DISTINCT FROM "
        "rejected");
    EXPECT_TRUE(wrong) << wrong.error().message;
    EXPECT_TRUE(wrong && wrong->rows.empty());
    const auto loaded = warehouse->loaded_objects();
    return loaded ? static_cast<int>(loaded->size()) : -1;
  }
  void start_over() const {
    for (const auto& file : std::filesystem::directory_iterator(folder_.path()))
      std::filesystem::remove(file);
  }

  support::TemporaryFolder folder_;
  store::MemoryStore store_;
};

TEST_F(LoadCrashTest, KilledAtAnyMomentItLeavesWholeObjectsAndGoesOn) {
  const std::uint64_t seed = std::random_device()();
  RecordProperty("seed", std::to_string(seed));
  Rng rng(seed);
  // The moments are spread over one load's time on this machine, and a little beyond it.
  const auto started = std::chrono::steady_clock::now();
  ASSERT_TRUE(load());
  const auto one_load = std::chrono::steady_clock::now() - started;
  const auto latest_kill = std::chrono::duration_cast<std::chrono::microseconds>(one_load * 5 / 4);
  start_over();

  int killed = 0;
  int between = 0;
  for (int tries = 0; (killed < kKills || between == 0) && tries < 10 * kKills; ++tries) {
    const std::chrono::microseconds after(rng.below(latest_kill.count()));
    if (load_and_kill(after)) ++killed;
    const int objects = check_ledger();
    ASSERT_GE(objects, 0) << "seed " << seed;
    ASSERT_FALSE(HasFailure()) << "seed " << seed << ", killed after " << after.count() << " us";
    if (objects > 0 && objects < kObjects) ++between;
    if (objects == kObjects || rng.chance(0.3)) start_over();
  }
  EXPECT_GE(killed, kKills) << "seed " << seed;
  EXPECT_GT(between, 0) << "no kill struck between two transactions: the test proves nothing; seed " << seed;
  EXPECT_TRUE(load());
  EXPECT_EQ(check_ledger(), kObjects);
}

}  // namespace
}  // namespace sdp::load
