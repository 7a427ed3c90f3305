#include <duckdb.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "support/temporary_folder.h"
#include "transform/transform.h"

namespace sdp::transform {
namespace {

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
  TransformDbt() { Database(warehouse()).run(read(source() / "tests/integration/dbt/bronze.sql")); }

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
            .work_dir = folder_ / "dbt"};
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

TEST_F(TransformDbt, BuildsSilverAndMartsAndThenFindsABrokenWarehouse) {
  insert(0, 0, kFirst, "play");
  insert(0, 1, kSecond, "skip");
  insert(0, 2, kFirst, "play");
  insert(0, 3, "no uuid", "play");
  load(0, 3);
  const auto first = run(options());
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->models_ok, 18u);
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
              HasSubstr("test bronze_is_kept_duplicate_or_rejected failed on 1 rows"));
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

}  // namespace
}  // namespace sdp::transform
