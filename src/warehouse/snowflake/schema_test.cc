#include "warehouse/snowflake/schema.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace sdp::warehouse::snowflake {
namespace {

/// The statements of a file of docs/snowflake: each ends with a semicolon at the end of a line.
std::vector<std::string> statements_of(const std::string& name) {
  const char* source = std::getenv("SDP_SOURCE_DIR");
  const auto path = std::filesystem::path(source != nullptr ? source : ".") / "docs/snowflake" / name;
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::vector<std::string> statements;
  std::string statement;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("--") || line.empty()) continue;
    if (line.ends_with(";")) {
      statements.push_back(statement + line.substr(0, line.size() - 1));
      statement.clear();
    } else {
      statement += line + "\n";
    }
  }
  EXPECT_EQ(statement, "") << path << " ends within a statement";
  return statements;
}

TEST(SnowflakeSchema, TheDocumentsAreWhatInitRuns) {
  EXPECT_THAT(statements_of("2-database.sql"), testing::ElementsAreArray(database_statements("SPOTIFY_DB")));
  EXPECT_THAT(statements_of("3-bronze.sql"), testing::ElementsAreArray(bronze_statements("SPOTIFY_DB")));
}

TEST(SnowflakeSchema, EveryStatementMayRunAgain) {
  const auto may_run_again = [](const std::string& statement) {
    return statement.contains("IF NOT EXISTS") || statement.starts_with("GRANT ") ||
           statement.contains("WHERE NOT EXISTS");
  };
  for (const auto& statements : {statements_of("1-warehouse.sql"), database_statements("D"),
                                 bronze_statements("D"), statements_of("4-role.sql")}) {
    EXPECT_FALSE(statements.empty());
    for (const std::string& statement : statements) EXPECT_TRUE(may_run_again(statement)) << statement;
  }
}

TEST(SnowflakeSchema, TheLocksRowComesLast) {
  EXPECT_THAT(bronze_statements("D").back(), testing::StartsWith("INSERT INTO D.BRONZE.LOAD_LOCK"));
}

TEST(SnowflakeSchema, TheRoleMayUseEveryTableOfBronze) {
  const auto statements = statements_of("4-role.sql");
  for (const std::string_view table : {kEventsTable, kRejectedTable, kLedgerTable}) {
    const auto grant =
        fmt::format("GRANT SELECT, INSERT ON TABLE SPOTIFY_DB.BRONZE.{} TO ROLE SPOTIFY_PIPELINE", table);
    EXPECT_THAT(statements, testing::Contains(grant));
  }
  EXPECT_THAT(statements, testing::Contains(testing::HasSubstr(fmt::format(
                              "GRANT SELECT, UPDATE ON TABLE SPOTIFY_DB.BRONZE.{} TO", kLockTable))));
  EXPECT_THAT(statements, testing::Contains(testing::HasSubstr(
                              fmt::format("GRANT READ, WRITE ON STAGE SPOTIFY_DB.BRONZE.{} TO", kStage))));
}

TEST(SnowflakeSchema, TheRoleMayNotDestroyBronze) {
  for (const std::string& statement : statements_of("4-role.sql")) {
    if (!statement.contains("BRONZE")) continue;
    for (const std::string_view right : {"DELETE", "TRUNCATE", "OWNERSHIP", "ALL", "CREATE TABLE"})
      EXPECT_THAT(statement, testing::Not(testing::HasSubstr(right)));
  }
}

}  // namespace
}  // namespace sdp::warehouse::snowflake
