#include "warehouse/duckdb/duckdb_query_session.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "support/temporary_folder.h"

namespace sdp::warehouse {
namespace {

namespace fs = std::filesystem;

class DuckDbQuerySessionTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_);
    {
      auto connection = duckdb::Connection::open({.path = path_});
      ASSERT_TRUE(connection) << connection.error().message;
      for (const std::string_view sql :
           {"CREATE SCHEMA MART", "CREATE TABLE MART.TOP_SONGS (song_name VARCHAR, total_plays BIGINT)",
            "INSERT INTO MART.TOP_SONGS VALUES ('Stronger', 9007199254740993), (NULL, 2)"}) {
        ASSERT_TRUE(connection->execute(sql)) << sql;
      }
    }
    auto session = DuckDbQuerySession::open({.path = path_});
    ASSERT_TRUE(session) << session.error().message;
    session_ = std::move(*session);
  }

  /// `name:kind ...` and the rows, a line each; or the error.
  std::string ask(std::string_view sql) {
    std::string all;
    const AnswerVisitor visitor{.columns =
                                    [&](std::span<const Column> columns) {
                                      for (const Column& column : columns)
                                        all +=
                                            fmt::format("{}:{} ", column.name, static_cast<int>(column.kind));
                                    },
                                .row = [&](RowView row) -> Result<void> {
                                  all += '\n';
                                  for (const auto& cell : row)
                                    all += fmt::format("{} ", cell.value_or("NULL"));
                                  return {};
                                }};
    const auto done = session_->ask(sql, visitor);
    last_kind_ = done ? std::nullopt : std::optional(done.error().kind);
    return done ? all : done.error().message;
  }

  support::TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path() / "copy";
  std::string path_ = folder_ / "spotify_db.duckdb";
  std::unique_ptr<DuckDbQuerySession> session_;
  std::optional<ErrorKind> last_kind_;
};

constexpr std::string_view kSongs = "song_name:0 total_plays:1 \nStronger 9007199254740993 \nNULL 2 ";

TEST_F(DuckDbQuerySessionTest, SnowflakesNamesAndUseWork) {
  for (const std::string_view sql :
       {"SELECT * FROM MART.TOP_SONGS", "SELECT * FROM SPOTIFY_DB.MART.TOP_SONGS", "SELECT * FROM top_songs",
        "FROM MART.TOP_SONGS -- all", "(SELECT * FROM TOP_SONGS)"}) {
    EXPECT_EQ(ask(sql), kSongs) << sql;
  }
  for (const std::string_view sql : {"USE SCHEMA SPOTIFY_DB.MART", "USE WAREHOUSE SPOTIFY_WH", "USE ROLE X",
                                     "USE DATABASE SPOTIFY_DB", "USE SCHEMA MART"}) {
    EXPECT_EQ(ask(sql), "") << sql;
    EXPECT_EQ(last_kind_, std::nullopt) << sql;
    EXPECT_EQ(ask("SELECT * FROM MART.TOP_SONGS"), kSongs) << sql;
  }
  EXPECT_NE(ask("USE SCHEMA NOWHERE").find("NOWHERE"), std::string::npos);
  EXPECT_EQ(last_kind_, ErrorKind::bad_input);
}

TEST_F(DuckDbQuerySessionTest, ColumnsAndValuesAreExact) {
  EXPECT_EQ(ask("SELECT 1.10::DECIMAL(38,2) AS d, true AS b, DATE '2026-02-15' AS day, [1, 2] AS l, "
                "170141183460469231731687303715884105727 AS h, 'x' AS t, NULL AS n"),
            "d:1 b:2 day:0 l:0 h:1 t:0 n:1 \n"
            "1.10 true 2026-02-15 [1, 2] 170141183460469231731687303715884105727 x NULL ");
  // In the order that was asked for, with names as they are.
  EXPECT_EQ(ask("SELECT i AS a, i AS a FROM range(3) t(i) ORDER BY i DESC"), "a:1 a:1 \n2 2 \n1 1 \n0 0 ");
  EXPECT_EQ(ask("VALUES (1), (2)"), "col0:1 \n1 \n2 ");
}

TEST_F(DuckDbQuerySessionTest, TheCatalogueAndPlansAreThere) {
  EXPECT_NE(ask("SHOW TABLES").find("TOP_SONGS"), std::string::npos);
  EXPECT_NE(ask("SHOW ALL TABLES").find("TOP_SONGS"), std::string::npos);
  EXPECT_NE(ask("DESCRIBE MART.TOP_SONGS").find("total_plays"), std::string::npos);
  EXPECT_NE(ask("DESC TOP_SONGS").find("total_plays"), std::string::npos);
  EXPECT_NE(ask("DESCRIBE TABLE MART.TOP_SONGS").find("total_plays"), std::string::npos);
  EXPECT_NE(ask("EXPLAIN SELECT * FROM TOP_SONGS").find("TOP_SONGS"), std::string::npos);
}

TEST_F(DuckDbQuerySessionTest, NothingCanBeWrittenOrReachedFromInside) {
  const std::string other = temporary_.path() / "other.csv";
  std::ofstream(other) << "a\n1\n";
  const std::string out = temporary_.path() / "out.csv";
  for (const std::string& sql : {std::string("DROP TABLE MART.TOP_SONGS"),
                                 std::string("CREATE TEMP TABLE t AS SELECT 1"),
                                 std::string("WITH x AS (SELECT 1) INSERT INTO MART.TOP_SONGS SELECT 'x', 1"),
                                 std::string("EXPLAIN ANALYZE INSERT INTO MART.TOP_SONGS VALUES ('x', 1)"),
                                 fmt::format("EXPLAIN ANALYZE COPY (SELECT 1) TO '{}'", out),
                                 fmt::format("COPY (SELECT 1) TO '{}'", out),
                                 fmt::format("SELECT * FROM read_csv('{}')", other),
                                 fmt::format("SELECT * FROM '{}'", other),
                                 fmt::format("SELECT content FROM read_text('{}')", other),
                                 std::string("SELECT * FROM glob('/*')"),
                                 fmt::format("ATTACH '{}' AS x", other),
                                 std::string("INSTALL httpfs"),
                                 std::string("LOAD httpfs"),
                                 std::string("SET enable_external_access = true"),
                                 std::string("SET memory_limit = '100GB'"),
                                 std::string("PRAGMA memory_limit = '100GB'"),
                                 std::string("RESET lock_configuration"),
                                 std::string("CALL pragma_version()"),
                                 std::string("SELECT 1) UNION ALL (SELECT 2"),
                                 std::string("SELECT 1; SELECT 2"),
                                 std::string("EXPORT DATABASE 'x'"),
                                 std::string("VACUUM")}) {
    const std::string answer = ask(sql);
    ASSERT_NE(last_kind_, std::nullopt) << sql << "\n" << answer;
    EXPECT_EQ(*last_kind_, ErrorKind::bad_input) << sql << "\n" << answer;
  }
  EXPECT_FALSE(fs::exists(out));
  EXPECT_EQ(ask("SELECT * FROM MART.TOP_SONGS"), kSongs);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(DuckDbQuerySessionTest, ErrorsAreDuckDbsWordsOnOneLine) {
  const std::string answer = ask("SELECT *\nFORM TOP_SONGS");
  EXPECT_EQ(last_kind_, ErrorKind::bad_input);
  EXPECT_NE(answer.find("Parser Error: syntax error at or near"), std::string::npos) << answer;
  EXPECT_NE(answer.find("(its line 2: FORM TOP_SONGS)"), std::string::npos) << answer;
  EXPECT_EQ(answer.find('\n'), std::string::npos) << answer;
  EXPECT_NE(ask("SELECT CAST(song_name AS INT) FROM TOP_SONGS").find("Conversion Error"), std::string::npos);
  EXPECT_EQ(last_kind_, ErrorKind::bad_input);
}

TEST_F(DuckDbQuerySessionTest, MemoryThatIsUsedUpIsAnErrorAndNoFile) {
  session_.reset();
  auto small = DuckDbQuerySession::open({.path = path_, .memory_limit = "32MB"});
  ASSERT_TRUE(small);
  session_ = std::move(*small);
  const std::string answer = ask("SELECT i, repeat('x', 100) FROM range(5000000) t(i) ORDER BY hash(i)");
  EXPECT_EQ(last_kind_, ErrorKind::misconfigured) << answer.substr(0, 200);
  EXPECT_NE(answer.find("--warehouse-memory"), std::string::npos) << answer.substr(0, 200);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(DuckDbQuerySessionTest, AQueryIsEndedFromAnotherThread) {
  std::atomic<bool> done = false;
  std::jthread other([&] {
    while (!done) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      session_->interrupt();
    }
  });
  ask("SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE hash(a.range, b.range) = 7");
  done = true;
  EXPECT_EQ(last_kind_, ErrorKind::interrupted);
}

TEST_F(DuckDbQuerySessionTest, TheFolderMayBeOneThatNobodyMayWrite) {
  session_.reset();
  fs::permissions(path_, fs::perms::owner_read);
  fs::permissions(folder_, fs::perms::owner_read | fs::perms::owner_exec);
  auto session = DuckDbQuerySession::open({.path = path_});
  ASSERT_TRUE(session) << session.error().message;
  session_ = std::move(*session);
  EXPECT_EQ(ask("SELECT * FROM MART.TOP_SONGS"), kSongs);
  fs::permissions(folder_, fs::perms::owner_all);
}

}  // namespace
}  // namespace sdp::warehouse
