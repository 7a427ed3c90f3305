#include <duckdb.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>

#include "support/temporary_folder.h"
#include "transform/dbt_worker.h"
#include "transform/transform.h"

namespace sdp::transform {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using testing::HasSubstr;

std::string read(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A warehouse file, opened for one call at a time as dbt needs it closed.
class Database {
 public:
  explicit Database(const fs::path& path) {
    EXPECT_EQ(duckdb_open(path.c_str(), &database_), DuckDBSuccess);
    EXPECT_EQ(duckdb_connect(database_, &connection_), DuckDBSuccess);
  }
  ~Database() {
    duckdb_disconnect(&connection_);
    duckdb_close(&database_);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// The first value of the answer.
  std::int64_t run(const std::string& sql) {
    duckdb_result result;
    EXPECT_EQ(duckdb_query(connection_, sql.c_str(), &result), DuckDBSuccess) << duckdb_result_error(&result);
    const auto value = duckdb_row_count(&result) > 0 ? duckdb_value_int64(&result, 0, 0) : 0;
    duckdb_destroy_result(&result);
    return value;
  }

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

/// The real dbt over a small warehouse.
class TransformDbt : public testing::Test {
 protected:
  TransformDbt() {
    Database(warehouse()).run(read(source() / "tests/integration/dbt/bronze.sql"));
    take_what_was_parsed();
  }

  static fs::path source() { return std::getenv("SDP_SOURCE_DIR"); }
  /// Where tools/run_tests has a dbt that is loaded already; the real one without it.
  static fs::path deps() {
    const char* loaded = std::getenv("SDP_TEST_DEPS");
    return loaded != nullptr ? loaded : std::getenv("SDP_DEPS_DIR");
  }
  fs::path warehouse() const { return folder_ / "spotify_db.duckdb"; }
  TransformOptions options() const {
    return {.dbt_path = deps() / "venv-dbt/bin/dbt",
            .project_dir = source() / "spotify_dbt",
            .warehouse_path = warehouse(),
            .work_dir = folder_ / "dbt",
            .memory_limit = "320MB"};
  }
  /// What dbt parsed once for a whole run of tests, with the limit of memory above (tests/driver/parsed.py);
  /// without it each test parses.
  void take_what_was_parsed() {
    const char* parsed = std::getenv("SDP_TEST_DBT_PARSED");
    if (parsed == nullptr) return;
    fs::create_directories(target_path(options()));
    fs::copy_file(parsed, target_path(options()) / "partial_parse.msgpack");
  }
  /// A row of the object `first`, which begins at that offset.
  void insert(int first, int offset, const std::string& event_id, const std::string& event_type) {
    Database(warehouse())
        .run(
            "insert into bronze.spotify_events values ('o" + std::to_string(first) +
            "', 'spotify-events', '0a0b0c0d', 0, " + std::to_string(offset) +
            R"(, '2026-02-15 17:52:36', null, null, null, '{"event_id":")" + event_id +
            R"(","event_type":")" + event_type +
            R"(","user_id":"881dc191-47cf-4642-b4b2-9334c488cd67","song_id":"09a7d5c8-d131-55b1-9758-8cfdc6375651",)"
            R"("song_name":"Levitating","artist_name":"Dua Lipa","device_type":"mobile","country":"UK",)"
            R"("timestamp":"2026-02-15T17:52:36.123Z"}', '2026-02-15 18:00:00'))");
  }
  /// The ledger's row of the object, as a loader that did its work would write it.
  void load(int first, int last) {
    Database(warehouse())
        .run(fmt::format(
            "insert into bronze.load_ledger values ('o{0}', 'spotify-events', '0a0b0c0d', 0, {0}, "
            "{1}, {1} - {0} + 1, 0, '2026-02-15 17:52:36', '2026-02-15 17:52:36', '', 'test', "
            "'2026-02-15 18:00:00')",
            first, last));
  }

  support::TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path();
};

constexpr auto kFirst = "00112233-4455-4677-8899-aabbccddeef0";
constexpr auto kSecond = "00112233-4455-4677-8899-aabbccddeef1";
constexpr auto kThird = "00112233-4455-4677-8899-aabbccddeef2";

/// Files with this ending, in folders of the folder, too.
std::size_t files(const fs::path& folder, std::string_view ending) {
  std::size_t found = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ending) ++found;
  }
  return found;
}

TEST_F(TransformDbt, BuildsSilverAndMartsAndThenFindsABrokenWarehouse) {
  insert(0, 0, kFirst, "play");
  insert(0, 1, kSecond, "skip");
  insert(0, 2, kFirst, "play");
  insert(0, 3, "no uuid", "play");
  load(0, 3);
  const auto first = run(options());
  ASSERT_TRUE(first) << first.error().message;
  const fs::path project = options().project_dir;
  EXPECT_EQ(first->models_ok, files(project / "models", ".sql") + files(project / "snapshots", ".yml"));
  EXPECT_GE(first->tests_passed, 18u);
  {
    Database database(warehouse());
    EXPECT_EQ(database.run("select count(*) from spotify_db.transform.spotify_silver"), 2);
    EXPECT_EQ(database.run("select kafka_offset from spotify_db.transform.spotify_duplicates"), 2);
    EXPECT_EQ(database.run("select kafka_offset from spotify_db.transform.spotify_rejected"), 3);
    EXPECT_EQ(database.run("select total_plays * 10 + total_skips from spotify_db.mart.top_songs"), 11);
    EXPECT_EQ(database.run("select total_plays * 10 + total_skips from spotify_db.mart.user_engagement"), 11);
  }

  insert(4, 4, kThird, "skip");
  insert(4, 4, kThird, "skip");  // The same coordinates twice: what the loader must never do.
  load(4, 4);
  const auto second = run(options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::violation);
  EXPECT_THAT(second.error().message,
              HasSubstr("test bronze_is_kept_duplicate_or_rejected failed on 1 row "));
  EXPECT_EQ(Database(warehouse()).run("select count(*) from spotify_db.transform.transform_ledger"), 1)
      << "a batch that failed a test is not done";
}

/// With the logs and the target that belong to it; dbt says in its own log when it must parse again.
TEST_F(TransformDbt, AWarehouseThatMovedDoesNotHaveTheProjectParsedAgain) {
  insert(0, 0, kFirst, "play");
  load(0, 0);
  const auto first = run(options());
  ASSERT_TRUE(first) << first.error().message;

  const fs::path moved = folder_ / "moved" / "spotify_db.duckdb";
  fs::create_directories(moved.parent_path());
  fs::rename(warehouse(), moved);
  TransformOptions asked = options();
  asked.warehouse_path = moved;
  fs::remove_all(asked.work_dir / "logs");
  const auto second = run(asked);
  ASSERT_TRUE(second) << second.error().message;
  const std::string log = read(asked.work_dir / "logs" / "dbt.log");
  EXPECT_THAT(log, HasSubstr("no changes found, skipping parsing"));
  EXPECT_EQ(Database(moved).run("select count(*) from spotify_db.transform.spotify_silver"), 1);
  EXPECT_FALSE(fs::exists(warehouse()));
}

TEST_F(TransformDbt, AWarehouseThatIsOpenElsewhereIsNamed) {
  const Database open(warehouse());
  const auto summary = run(options());
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::fenced) << summary.error().message;
}

/// As a live run has it.
class DbtKeptLoaded : public TransformDbt {
 protected:
  DbtKeptLoaded() {
    insert(0, 0, kFirst, "play");
    load(0, 0);
    fs::copy(source() / "spotify_dbt", project_, fs::copy_options::recursive);
    options_ = options();
    options_.dbt_path = fs::path(std::getenv("SDP_DEPS_DIR")) / "venv-dbt/bin/dbt";
    options_.project_dir = project_;
    start();
  }

  void start() {
    worker_ = DbtWorker::start(options_).value();
    options_.dbt_client = worker_->client();
  }
  std::int64_t kept() {
    return Database(warehouse()).run("select count(*) from spotify_db.transform.spotify_silver");
  }
  fs::path project_ = folder_ / "project";
  TransformOptions options_;
  std::unique_ptr<DbtWorker> worker_;
};

TEST_F(DbtKeptLoaded, BuildsAsDbtDoesAndLeavesTheWarehouseToOthers) {
  // The first is done by the worker itself, the second in a process of its own.
  for (int round = 1; round <= 2; ++round) {
    const auto built = run(options_);
    ASSERT_TRUE(built) << built.error().message;
    EXPECT_GE(built->tests_passed, 18U);
    EXPECT_EQ(kept(), round) << "opened by this process, while the worker runs";
    insert(round, round, fmt::format("00112233-4455-4677-8899-aabbccddee{:02}", round), "play");
    load(round, round);
  }
  EXPECT_TRUE(worker_->is_running());
}

TEST_F(DbtKeptLoaded, ParsesAgainWhatWasChanged) {
  ASSERT_TRUE(run(options_));
  const fs::path changed = project_ / "models" / "silver" / "spotify_silver.sql";
  std::ofstream(changed, std::ios::app) << "\nthis is not SQL\n";
  const auto broken = run(options_);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().kind, ErrorKind::fatal) << broken.error().message;
  EXPECT_THAT(broken.error().message, HasSubstr("spotify_silver"));
  fs::copy(source() / "spotify_dbt/models/silver/spotify_silver.sql", changed,
           fs::copy_options::overwrite_existing);
  const auto repaired = run(options_);
  EXPECT_TRUE(repaired) << repaired.error().message;
}

TEST_F(DbtKeptLoaded, ABuildThatTakesTooLongIsEndedAndLetsGoOfTheWarehouse) {
  ASSERT_TRUE(run(options_));
  TransformOptions hurried = options_;
  hurried.time_limit = 500ms;
  const auto cut = run(hurried);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().kind, ErrorKind::unavailable) << cut.error().message;
  EXPECT_EQ(kept(), 1) << "nobody has it open";
  // This build was the worker's own, so it ended with it.
  start();
  const auto again = run(options_);
  EXPECT_TRUE(again) << again.error().message;
}

TEST_F(DbtKeptLoaded, WithoutAPythonBesideDbtThereIsNone) {
  options_.dbt_path = folder_ / "dbt";
  const auto started = DbtWorker::start(options_);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::misconfigured);
}

}  // namespace
}  // namespace sdp::transform
