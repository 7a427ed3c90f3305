#include "warehouse/duckdb/readers_copy.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temporary_folder.h"

namespace sdp::warehouse::duckdb {
namespace {

namespace fs = std::filesystem;

class ReadersCopyTest : public testing::Test {
 protected:
  void fill(std::initializer_list<std::string_view> statements) {
    auto connection = Connection::open({.path = from_});
    ASSERT_TRUE(connection) << connection.error().message;
    for (const std::string_view sql : statements) ASSERT_TRUE(connection->execute(sql)) << sql;
  }
  Result<ReadersCopy> copied() const {
    SDP_TRY(Connection connection, open_to_copy({.path = from_}));
    return write_readers_copy(connection, to_);
  }
  /// Rows of one column, joined by commas.
  static std::string ask(const std::string& path, std::string_view sql) {
    auto connection = Connection::open({.path = path, .read_only = true});
    if (!connection) return connection.error().message;
    std::string all;
    const auto done = connection->scan(
        sql, [](const std::vector<std::string>&) {},
        [&](RowView row) -> Result<void> {
          all += fmt::format("{}{}", all.empty() ? "" : ",", row[0].value_or("null"));
          return {};
        });
    return done ? all : done.error().message;
  }

  support::TemporaryFolder temporary_;
  std::string from_ = temporary_.path() / "it's here" / "spotify_db.duckdb";
  std::string to_ = temporary_.path() / "copy" / "spotify_db.duckdb";

  void SetUp() override {
    fs::create_directories(fs::path(from_).parent_path());
    fs::create_directories(fs::path(to_).parent_path());
  }
};

TEST_F(ReadersCopyTest, HasTheMartsAndWhatTheyDoNotCount) {
  fill({"CREATE SCHEMA MART", "CREATE SCHEMA TRANSFORM", "CREATE SCHEMA BRONZE",
        R"(CREATE TABLE MART."odd ""name" AS SELECT 1 AS n UNION ALL SELECT NULL ORDER BY n)",
        "CREATE TABLE MART.TOP_SONGS AS SELECT TIMESTAMP '2026-02-15 17:52:36.123456' AS seen",
        "CREATE TABLE TRANSFORM.SPOTIFY_REJECTED AS SELECT 'not_json' AS reason",
        "CREATE TABLE TRANSFORM.SPOTIFY_FAULTS AS SELECT 1 AS fault",
        "CREATE TABLE TRANSFORM.transform_ledger AS SELECT 'key' AS object_key",
        "CREATE TABLE TRANSFORM.INT_EVENTS_JUDGED AS SELECT 1 AS n",
        "CREATE TABLE BRONZE.SPOTIFY_EVENTS AS SELECT 1 AS n",
        "CREATE TABLE BRONZE.LOAD_LEDGER AS SELECT 'key' AS object_key"});
  const auto copy = copied();
  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_EQ(copy->tables, 6);
  EXPECT_EQ(copy->rows, 7);
  EXPECT_EQ(ask(to_, "SELECT schema_name || '.' || table_name FROM duckdb_tables() ORDER BY ALL"),
            "BRONZE.LOAD_LEDGER,MART.TOP_SONGS,MART.odd "
            "\"name,TRANSFORM.SPOTIFY_FAULTS,TRANSFORM.SPOTIFY_REJECTED,TRANSFORM.transform_ledger");
  EXPECT_EQ(ask(to_, R"(SELECT n FROM MART."odd ""name" ORDER BY n)"), "1,null");
  EXPECT_EQ(ask(to_, "SELECT seen FROM SPOTIFY_DB.MART.TOP_SONGS"), "2026-02-15 17:52:36.123456");
  EXPECT_EQ(std::distance(fs::directory_iterator(fs::path(to_).parent_path()), fs::directory_iterator()), 1);
}

TEST_F(ReadersCopyTest, IsInTheStorageVersionOfTheFirstStableClients) {
  fill({"CREATE SCHEMA MART", "CREATE TABLE MART.TOP_SONGS AS SELECT 1 AS n"});
  ASSERT_TRUE(copied());
  std::ifstream file(to_, std::ios::binary);
  std::string head(20, '\0');
  file.read(head.data(), 20);
  EXPECT_EQ(head.substr(8, 4), "DUCK");
  EXPECT_EQ(static_cast<int>(head[12]), 64);  // duckdb.org/docs/stable/internals/storage: 64 is 0.9 to 1.1
}

TEST_F(ReadersCopyTest, WithoutMartsIsRefused) {
  fill({"CREATE SCHEMA BRONZE", "CREATE TABLE BRONZE.LOAD_LEDGER AS SELECT 1 AS n"});
  const auto copy = copied();
  ASSERT_FALSE(copy);
  EXPECT_EQ(copy.error().kind, ErrorKind::misconfigured);
  EXPECT_FALSE(fs::exists(to_));
}

TEST_F(ReadersCopyTest, AWarehouseThatIsMissingIsNotMade) {
  const auto copy = copied();
  ASSERT_FALSE(copy);
  EXPECT_EQ(copy.error().kind, ErrorKind::misconfigured);
  EXPECT_FALSE(fs::exists(from_));
}

}  // namespace
}  // namespace sdp::warehouse::duckdb
