#include "warehouse/snowflake/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "warehouse/snowflake/external_sql.h"

namespace sdp::warehouse::snowflake {
namespace {

/// With SDP_WRITE_DOCUMENTS=1 writes them instead.
TEST(SnowflakeSchema, TheDocumentsAreWhatTheCodeRuns) {
  const char* source = std::getenv("SDP_SOURCE_DIR");
  const auto folder = std::filesystem::path(source != nullptr ? source : ".") / "docs/snowflake";
  for (const Document& document : documents()) {
    if (std::getenv("SDP_WRITE_DOCUMENTS") != nullptr) std::ofstream(folder / document.name) << document.text;
    std::ifstream file(folder / document.name);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(text, document.text) << folder / document.name;
  }
}

TEST(SnowflakeSchema, EveryStatementMayRunAgain) {
  const auto may_run_again = [](const std::string& statement) {
    return statement.contains("IF NOT EXISTS") || statement.starts_with("GRANT ") ||
           statement.contains("WHERE NOT EXISTS");
  };
  for (const auto& statements : {warehouse_statements("W"), database_statements("D"), bronze_statements("D"),
                                 role_statements("D", "R", "W"), external_stage_statements("D", "R")}) {
    for (const std::string& statement : statements) EXPECT_TRUE(may_run_again(statement)) << statement;
  }
}

TEST(SnowflakeSchema, TheLocksRowComesLast) {
  EXPECT_THAT(bronze_statements("D").back(), testing::StartsWith("INSERT INTO D.BRONZE.LOAD_LOCK"));
}

TEST(SnowflakeSchema, TheRoleMayNotDestroyBronze) {
  for (const std::string& statement : role_statements("D", "R", "W")) {
    if (!statement.contains("BRONZE")) continue;
    for (const std::string_view right : {"DELETE", "TRUNCATE", "OWNERSHIP", "ALL", "CREATE TABLE"})
      EXPECT_THAT(statement, testing::Not(testing::HasSubstr(right)));
  }
}

}  // namespace
}  // namespace sdp::warehouse::snowflake
