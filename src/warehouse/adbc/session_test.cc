#include "warehouse/adbc/session.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace sdp::warehouse::adbc {
namespace {

/// DuckDB has an ADBC driver in its library, which lets the session be tested without a server.
class AdbcSessionTest : public testing::Test {
 protected:
  static SessionOptions options() {
    SessionOptions options;
    const char* deps = std::getenv("SDP_DEPS_DIR");
    options.driver_path = std::string(deps != nullptr ? deps : ".deps") + "/duckdb/lib/libduckdb.so";
    options.entry_point = "duckdb_adbc_init";
    options.options = {{"path", ":memory:"}};
    options.classify = [](const DriverError& error) {
      return Error{ErrorKind::fatal, "said: " + error.message};
    };
    return options;
  }
  void SetUp() override {
    auto session = Session::open(options());
    ASSERT_TRUE(session) << session.error().message;
    session_ = *std::move(session);
  }
  Result<std::vector<std::string>> rows(std::string_view sql) {
    std::vector<std::string> found;
    SDP_RETURN_IF_ERROR(session_->scan(
        sql, [&](std::vector<std::string> names) { columns_ = std::move(names); },
        [&](RowView row) -> Result<void> {
          std::string text;
          for (const auto& cell : row) text += (text.empty() ? "" : "|") + std::string(cell.value_or("NULL"));
          found.push_back(text);
          return {};
        }));
    return found;
  }
  std::string row(std::string_view sql) {
    const auto found = rows(sql);
    EXPECT_TRUE(found) << found.error().message;
    return found && found->size() == 1 ? found->front() : "no row";
  }

  std::unique_ptr<Session> session_;
  std::vector<std::string> columns_;
};

TEST_F(AdbcSessionTest, EveryTypeBecomesTheTextThatDuckDbCastsItTo) {
  constexpr std::string_view kValues[] = {"true",
                                          "(-128)::TINYINT",
                                          "255::UTINYINT",
                                          "(-32768)::SMALLINT",
                                          "65535::USMALLINT",
                                          "(-2147483648)::INTEGER",
                                          "4294967295::UINTEGER",
                                          "(-9223372036854775808)::BIGINT",
                                          "18446744073709551615::UBIGINT",
                                          "(-0.001)::DECIMAL(18,3)",
                                          "123.450::DECIMAL(38,3)",
                                          "(-99999999999999999999999999999999999999)::DECIMAL(38,0)",
                                          "0::DECIMAL(4,2)",
                                          "0.5::DOUBLE",
                                          "1::DOUBLE",
                                          "1e20::DOUBLE",
                                          "0.1::FLOAT",
                                          "'a ''b'' \U0001F3B5'",
                                          "''",
                                          "DATE '1969-12-31'",
                                          "DATE '9999-12-31'",
                                          "TIMESTAMP '2026-02-15 17:52:36.123'",
                                          "TIMESTAMP '1969-12-31 23:59:59.5'",
                                          "TIMESTAMP '2026-02-15 00:00:00'",
                                          "TIMESTAMP_S '2026-02-15 17:52:36'",
                                          "TIMESTAMP_MS '2026-02-15 17:52:36.100'",
                                          "TIMESTAMP_NS '2026-02-15 17:52:36.123456789'"};
  for (const std::string_view value : kValues) {
    const std::string sql(value);
    EXPECT_EQ(row("SELECT " + sql), row("SELECT CAST(" + sql + " AS VARCHAR)")) << value;
  }
}

TEST_F(AdbcSessionTest, NullsAreNothing) {
  EXPECT_EQ(row("SELECT NULL, NULL::BIGINT, NULL::VARCHAR, '', NULL::TIMESTAMP"), "NULL|NULL|NULL||NULL");
}

TEST_F(AdbcSessionTest, ColumnsAreNamedAlsoWithoutRows) {
  EXPECT_TRUE(rows("SELECT 1 AS one, 'x' AS \"two words\" WHERE false")->empty());
  EXPECT_EQ(columns_, (std::vector<std::string>{"one", "two words"}));
}

TEST_F(AdbcSessionTest, RowsOfManyBatchesComeInOrder) {
  const auto found =
      rows("SELECT CASE WHEN i % 7 = 0 THEN NULL ELSE i END FROM range(10000) r(i) ORDER BY i");
  ASSERT_EQ(found->size(), 10'000u);
  EXPECT_EQ(found->at(7'000), "NULL");
  EXPECT_EQ(found->at(9'999), "9999");
}

TEST_F(AdbcSessionTest, TransactionsHold) {
  ASSERT_TRUE(session_->execute("CREATE TABLE t (i INTEGER)"));
  ASSERT_TRUE(session_->execute("BEGIN"));
  ASSERT_TRUE(session_->execute("INSERT INTO t VALUES (1)"));
  ASSERT_TRUE(session_->execute("ROLLBACK"));
  EXPECT_EQ(row("SELECT count(*) FROM t"), "0");
  EXPECT_EQ(session_->statements(), 5u);
}

TEST_F(AdbcSessionTest, VisitorsEndAScan) {
  int seen = 0;
  const auto scanned = session_->scan(
      "SELECT i FROM range(100000) r(i)", [](const std::vector<std::string>&) {},
      [&](RowView) -> Result<void> {
        if (++seen == 3) return fail(ErrorKind::interrupted, "enough");
        return {};
      });
  ASSERT_FALSE(scanned);
  EXPECT_EQ(scanned.error().kind, ErrorKind::interrupted);
  EXPECT_EQ(row("SELECT 1"), "1");
}

TEST_F(AdbcSessionTest, ErrorsPassTheTableOfTheVendorInOneLine) {
  const auto failed = session_->execute("SELECT nothing\nFROM nowhere");
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.error().message.starts_with("said: ")) << failed.error().message;
  EXPECT_EQ(failed.error().message.find('\n'), std::string::npos);
  // With several threads DuckDB may say only that the others were interrupted.
  ASSERT_TRUE(session_->execute("SET threads = 1"));
  const auto late =
      rows("SELECT CASE WHEN i > 90000 THEN error('late') ELSE 'x' END FROM range(100000) r(i)");
  ASSERT_FALSE(late);
  EXPECT_NE(late.error().message.find("late"), std::string::npos) << late.error().message;
}

TEST_F(AdbcSessionTest, SecretsAreNotInErrors) {
  SessionOptions with_secret = options();
  with_secret.secret_options = {{"password", Secret("hunter2")}};
  const auto refused = Session::open(with_secret);
  ASSERT_FALSE(refused) << "DuckDB has no such option";
  EXPECT_EQ(refused.error().message.find("hunter2"), std::string::npos) << refused.error().message;
}

TEST_F(AdbcSessionTest, MissingDriversAreNamed) {
  SessionOptions missing = options();
  missing.driver_path = "/nowhere/libdriver.so";
  const auto refused = Session::open(missing);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::misconfigured);
  EXPECT_NE(refused.error().message.find("/nowhere/libdriver.so"), std::string::npos);
}

TEST_F(AdbcSessionTest, AnAnswerKnowsWhichColumnsAreNumbers) {
  std::vector<Column> columns;
  std::string row;
  const AnswerVisitor visitor{
      .columns = [&](std::span<const Column> found) { columns.assign(found.begin(), found.end()); },
      .row = [&](RowView cells) -> Result<void> {
        for (const auto& cell : cells) row += std::string(cell.value_or("NULL")) + "|";
        return {};
      }};
  ASSERT_TRUE(session_->ask("SELECT 1 AS i, 0.50::DECIMAL(38,2) AS d, true AS b, 'x' AS t, 2.5::DOUBLE AS r",
                            visitor));
  EXPECT_EQ(row, "1|0.50|true|x|2.5|");
  ASSERT_EQ(columns.size(), 5);
  constexpr auto kNumber = Column::Kind::number;
  EXPECT_EQ(columns[0].name, "i");
  EXPECT_EQ(columns[0].kind, kNumber);
  EXPECT_EQ(columns[1].kind, kNumber);
  EXPECT_EQ(columns[2].kind, Column::Kind::boolean);
  EXPECT_EQ(columns[3].kind, Column::Kind::text);
  EXPECT_EQ(columns[4].kind, kNumber);
  session_->cancel();  // nothing runs
  EXPECT_FALSE(session_->ask("SELECT nothing", visitor));
}

}  // namespace
}  // namespace sdp::warehouse::adbc
