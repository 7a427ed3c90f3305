#include "snapshot/take.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.h"
#include "warehouse/duckdb/duckdb_warehouse.h"

namespace sdp::snapshot {
namespace {

using ::testing::HasSubstr;

class TakeTest : public testing::Test {
 protected:
  void SetUp() override {
    fill({"CREATE SCHEMA BRONZE", "CREATE SCHEMA TRANSFORM", "CREATE SCHEMA MART",
          ("CREATE TABLE BRONZE.LOAD_LEDGER AS SELECT 'k' || i AS object_key, 't' AS topic, "
           "0 AS kafka_partition, i * 10 AS first_offset, i * 10 + 9 AS last_offset, 10 AS records, "
           "1 AS rejected, TIMESTAMP '2026-02-15 09:59:00' + INTERVAL (i) MINUTE AS first_timestamp, "
           "TIMESTAMP '2026-02-15 10:00:00' + INTERVAL (i) MINUTE AS last_timestamp, "
           "TIMESTAMP '2026-02-15 11:00:00.123456' AS loaded_at FROM range(300) r(i)"),
          ("CREATE TABLE TRANSFORM.TRANSFORM_LEDGER AS SELECT 'k' AS object_key, 10 AS records, "
           "TIMESTAMP '2026-02-15 12:00:00' AS transformed_at"),
          ("CREATE TABLE TRANSFORM.TRANSFORM_PARTS AS SELECT 'mart' AS kind, 'MART.TOP_SONGS' AS name, "
           "NULL::VARCHAR AS definition, 3::BIGINT AS row_count, TIMESTAMP '2026-02-15 12:00:00' AS "
           "closed_at"),
          ("CREATE TABLE MART.TOP_SONGS (song_id VARCHAR, plays BIGINT, rate DOUBLE, day DATE, "
           "seen TIMESTAMP, ok BOOLEAN)"),
          ("INSERT INTO MART.TOP_SONGS VALUES "
           "('a', 5, NULL, DATE '2026-02-15', TIMESTAMP '2026-02-15 17:52:36.1239', true), "
           "('b', 9223372036854775807, 0.5, DATE '2026-02-14', NULL, false), "
           "(NULL, 0, 'nan', DATE '2026-02-14', NULL, true)")});
  }

  void fill(std::initializer_list<std::string_view> statements) {
    auto connection = warehouse::duckdb::Connection::open({.path = path_});
    ASSERT_TRUE(connection) << connection.error().message;
    for (const std::string_view sql : statements) {
      const auto done = connection->execute(sql);
      ASSERT_TRUE(done) << done.error().message;
    }
  }

  template <typename Ask>
  auto ask(const Ask& question) {
    auto session = warehouse::DuckDbWarehouse::open_to_copy({.path = path_}, clock_);
    EXPECT_TRUE(session);
    return question(**session);
  }
  Result<Snapshot> taken(const Limits& limits = {}) {
    return ask([&](warehouse::Warehouse& warehouse) { return take(warehouse, sources_, limits, clock_); });
  }
  std::string state() {
    return ask([&](warehouse::Warehouse& warehouse) { return read_state(warehouse, sources_).value(); });
  }

  support::TemporaryFolder folder_;
  std::string path_ = folder_.path() / "spotify_db.duckdb";
  base::ManualClock clock_{UtcMillis(std::chrono::milliseconds(0))};
  Sources sources_{.manifest = {{"MART.TOP_SONGS",
                                 {.description = "Songs.",
                                  .columns = {{"SONG_ID", "The song."}},
                                  .order_by = "plays desc, song_id",
                                  .checksum = "1"}}},
                   .dbt = {},
                   .writer = "test"};
};

TEST_F(TakeTest, AMartIsAsItIsInTheOrderOfTheProject) {
  const auto snapshot = taken();
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  ASSERT_EQ(snapshot->marts.size(), 1u);
  const Mart& mart = snapshot->marts[0];
  EXPECT_EQ(mart.sql, "SELECT * FROM SPOTIFY_DB.MART.TOP_SONGS ORDER BY plays desc, song_id;");
  EXPECT_EQ(mart.description, "Songs.");
  EXPECT_EQ(mart.columns[0].description, "The song.");
  EXPECT_EQ(mart.rows_total, 3u);
  EXPECT_EQ(mart.rows, (std::vector<std::vector<Cell>>{
                           {"b", "9223372036854775807", "0.5", "2026-02-14", std::nullopt, "false"},
                           {"a", "5", std::nullopt, "2026-02-15", "2026-02-15T17:52:36.123Z", "true"},
                           {std::nullopt, "0", "nan", "2026-02-14", std::nullopt, "true"}}));
}

TEST_F(TakeTest, ProfilesAreOfAllRows) {
  const auto snapshot = taken({.rows = 1});
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  const Mart& mart = snapshot->marts[0];
  EXPECT_EQ(mart.rows.size(), 1u);
  EXPECT_EQ(mart.rows_total, 3u);
  const Profile& song = mart.columns[0].profile;
  EXPECT_EQ(song.nulls, 1u);
  EXPECT_EQ(song.distinct, 2u);
  EXPECT_EQ(song.min, "a");
  EXPECT_EQ(song.max, "b");
  const Profile& plays = mart.columns[1].profile;
  EXPECT_EQ(plays.max, "9223372036854775807");
  ASSERT_EQ(plays.histogram.size(), kBins);
  EXPECT_EQ(plays.histogram.front().rows, 2u);
  EXPECT_EQ(plays.histogram.back().rows, 1u);
  EXPECT_TRUE(mart.columns[2].profile.histogram.empty());  // what is not finite has no bins
  const Profile& day = mart.columns[3].profile;
  ASSERT_EQ(day.top.size(), 2u);
  EXPECT_EQ(day.top[0].value, "2026-02-14");
  EXPECT_EQ(day.top[0].rows, 2u);
  EXPECT_EQ(mart.columns[4].profile.max, "2026-02-15T17:52:36.123Z");
}

/// What is counted here and what the warehouse counts is the same, for every kind of value.
TEST_F(TakeTest, AProfileOfRowsIsThatOfTheWarehouse) {
  fill(
      {"CREATE TABLE MART.VALUES_OF_ALL_KINDS AS SELECT i % 7 AS few, i - 60 AS n, (i * 7919 % 1000)::DOUBLE "
       "/ 8 AS rate, "
       "CASE WHEN i % 3 = 0 THEN NULL ELSE chr((200 + i % 40)::INT) || i % 11 END AS words, i % 2 = 0 AS ok, "
       "DATE "
       "'2026-02-01' + (i % 9)::INT AS day, TIMESTAMP '2026-02-15 10:00:00' + INTERVAL (i * 400) MICROSECOND "
       "AS seen, (i % 5 - "
       "2) * 100000000000000000000000000000::HUGEINT AS huge, 'one' AS one, NULL::BIGINT AS none, CASE i % 4 "
       "WHEN 0 THEN "
       "'nan'::DOUBLE WHEN 1 THEN '-inf'::DOUBLE ELSE i END AS odd FROM range(120) r(i)"});
  const auto rows = taken();
  const auto asked = taken({.rows = 2});
  ASSERT_TRUE(rows && asked) << asked.error().message;
  const Mart& one = *rows->find("VALUES_OF_ALL_KINDS");
  const Mart& other = *asked->find("VALUES_OF_ALL_KINDS");
  EXPECT_EQ(other.rows.size(), 2u);
  EXPECT_EQ(one.rows_total, other.rows_total);
  for (std::size_t at = 0; at < one.columns.size(); ++at) {
    const Profile& left = one.columns[at].profile;
    const Profile& right = other.columns[at].profile;
    const std::string& name = one.columns[at].name;
    EXPECT_EQ(left.nulls, right.nulls) << name;
    EXPECT_EQ(left.distinct, right.distinct) << name;
    EXPECT_EQ(left.min, right.min) << name;
    EXPECT_EQ(left.max, right.max) << name;
    ASSERT_EQ(left.top.size(), right.top.size()) << name;
    for (std::size_t i = 0; i < left.top.size(); ++i) {
      EXPECT_EQ(left.top[i].value, right.top[i].value) << name;
      EXPECT_EQ(left.top[i].rows, right.top[i].rows) << name;
    }
    ASSERT_EQ(left.histogram.size(), right.histogram.size()) << name;
    for (std::size_t i = 0; i < left.histogram.size(); ++i)
      EXPECT_EQ(left.histogram[i].rows, right.histogram[i].rows) << name << i;
  }
}

TEST_F(TakeTest, WithoutWordsOfTheProjectRowsAreInTheOrderOfColumns) {
  sources_.manifest.clear();
  const auto snapshot = taken();
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_EQ(snapshot->marts[0].rows[0][0], "a");
}

TEST_F(TakeTest, AnOrderThatIsNoSqlNamesTheMart) {
  sources_.manifest["MART.TOP_SONGS"].order_by = "nothing_like_it";
  const auto snapshot = taken();
  ASSERT_FALSE(snapshot);
  EXPECT_THAT(snapshot.error().message, HasSubstr("MART.TOP_SONGS"));
  EXPECT_THAT(snapshot.error().message, HasSubstr("config.meta.order_by"));
}

TEST_F(TakeTest, EverythingIsBounded) {
  fill(
      {"INSERT INTO MART.TOP_SONGS SELECT repeat('x', 10000), i, 0, DATE '2026-02-14', NULL, true FROM "
       "range(50) r(i)"});
  const auto cells = taken({.cell_bytes = 100});
  ASSERT_TRUE(cells) << cells.error().message;
  EXPECT_EQ(cells->marts[0].cells_cut, 50u);
  EXPECT_EQ(cells->marts[0].rows[1][0]->size(), 100u);
  EXPECT_EQ(cells->ledger.tail.size(), 200u);
  EXPECT_EQ(cells->ledger.objects, 300u);
  EXPECT_EQ(cells->ledger.records, 3'000u);
  const auto mart = taken({.mart_bytes = 3'000});
  EXPECT_EQ(mart->marts[0].rows_total, 53u);
  EXPECT_LT(mart->marts[0].rows.size(), 5u);
}

TEST_F(TakeTest, FreshnessIsThatOfTheLedgers) {
  const auto snapshot = taken();
  EXPECT_EQ(snapshot->freshness.as_of, "2026-02-15T12:00:00.000Z");
  EXPECT_EQ(snapshot->freshness.newest_record, "2026-02-15T14:59:00.000Z");
  EXPECT_EQ(snapshot->freshness.loaded_at, "2026-02-15T11:00:00.123Z");
  EXPECT_EQ(snapshot->freshness.newest_event, std::nullopt);
}

TEST_F(TakeTest, DelaysAreThoseOfTheNewestBatch) {
  ASSERT_TRUE(taken()->delays.empty());  // the ledger's only object is none that was loaded
  fill({"DELETE FROM TRANSFORM.TRANSFORM_LEDGER",
        "INSERT INTO TRANSFORM.TRANSFORM_LEDGER SELECT object_key, records, TIMESTAMP '2026-02-15 12:00:00' "
        "FROM "
        "BRONZE.LOAD_LEDGER WHERE first_timestamp < TIMESTAMP '2026-02-15 10:00:00'",
        "INSERT INTO TRANSFORM.TRANSFORM_LEDGER SELECT object_key, records, TIMESTAMP '2026-02-15 13:00:00' "
        "FROM "
        "BRONZE.LOAD_LEDGER WHERE first_timestamp = TIMESTAMP '2026-02-15 10:30:00'"});
  const auto snapshot = taken();
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  ASSERT_EQ(snapshot->delays.size(), 3U);
  EXPECT_EQ(snapshot->delays[0].to, "bronze");
  EXPECT_NEAR(snapshot->delays[0].p50, 1'770, 5);  // 11:00 without the middle of 10:30 to 10:31
  EXPECT_NEAR(snapshot->delays[1].p50, 8'970, 5);
}

TEST_F(TakeTest, TheStateIsThatOfTheMartsAndNotOfTheClock) {
  const std::string before = state();
  clock_.advance(std::chrono::hours(1));
  fill({"UPDATE TRANSFORM.TRANSFORM_PARTS SET closed_at = TIMESTAMP '2027-01-01 00:00:00'"});
  EXPECT_EQ(state(), before);
  std::vector<std::string> states{before};
  const auto differs = [&](std::string_view what) {
    const std::string now = state();
    EXPECT_THAT(states, testing::Not(testing::Contains(now))) << what;
    states.push_back(now);
  };
  fill({"UPDATE TRANSFORM.TRANSFORM_LEDGER SET transformed_at = TIMESTAMP '2026-02-15 12:00:01'"});
  differs("built in full");
  fill({"INSERT INTO TRANSFORM.TRANSFORM_LEDGER VALUES ('l', 10, TIMESTAMP '2026-02-15 12:00:01')"});
  differs("a batch more");
  fill({"UPDATE TRANSFORM.TRANSFORM_PARTS SET row_count = 4"});
  differs("a row more");
  fill({"ALTER TABLE MART.TOP_SONGS ADD COLUMN more INTEGER"});
  differs("a column more");
  sources_.manifest["MART.TOP_SONGS"].checksum = "2";
  differs("another model");
}

TEST_F(TakeTest, WithoutMartsThereIsNothingToTake) {
  fill({"DROP TABLE MART.TOP_SONGS"});
  const auto snapshot = taken();
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(snapshot.error().kind, ErrorKind::misconfigured);
}

}  // namespace
}  // namespace sdp::snapshot
