#include "warehouse/snowflake/load_sql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdp::warehouse::snowflake {
namespace {

using testing::HasSubstr;

constexpr UtcMillis kTime{std::chrono::milliseconds(1'771'177'956'123)};

TEST(SnowflakeLoadSql, RunsAreNamedByTimeAndChance) {
  EXPECT_EQ(run_name(kTime, 0xabcdef01), "20260215T175236123Z-abcdef01");
  EXPECT_EQ(run_name(kTime, 1), "20260215T175236123Z-00000001");
}

TEST(SnowflakeLoadSql, RunsAreFoundInTheNamesOfStagedFiles) {
  for (const std::string_view file :
       {"load_stage/20260215T175236123Z-abcdef01/1/lines-000000.json.zst", "20260215T175236123Z-abcdef01/1/x",
        "s3://bucket/stages/a/20260215T175236123Z-abcdef01/7/lines-000001.json.zst"}) {
    const auto run = run_of(file);
    ASSERT_TRUE(run) << file;
    EXPECT_EQ(run->first, "20260215T175236123Z-abcdef01");
    EXPECT_EQ(run->second, kTime);
  }
}

TEST(SnowflakeLoadSql, FilesOfOthersAreNoRuns) {
  for (const std::string_view file :
       {"", "/", "load_stage/other/file.csv", "load_stage/20260215T175236123Z/1/x",
        "load_stage/20261315T175236123Z-abcdef01/1/x", "load_stage/20260215T175236123Z-ABCDEF01/1/x",
        "load_stage/20260215T175236123Z-abcdef0'/1/x", "load_stage/20260215T175236123Zxabcdef01/1/x"}) {
    EXPECT_FALSE(run_of(file)) << file;
  }
}

TEST(SnowflakeLoadSql, FilesOfALoadStandInAFolderOfItsOwn) {
  const LoadSql sql("SPOTIFY_DB", "20260215T175236123Z-abcdef01", 7, kTime);
  const std::string folder = "@SPOTIFY_DB.BRONZE.LOAD_STAGE/20260215T175236123Z-abcdef01/7/";
  EXPECT_THAT(sql.put("/tmp/x y"), testing::AllOf(HasSubstr("PUT 'file:///tmp/x y/*'"), HasSubstr(folder)));
  EXPECT_THAT(sql.copy(), HasSubstr("FROM " + folder + " "));
  EXPECT_EQ(sql.remove_files(), "REMOVE " + folder);
}

TEST(SnowflakeLoadSql, StagingTablesAreNamedByTheirRun) {
  const LoadSql sql("DB", "20260215T175236123Z-abcdef01", 1, kTime);
  for (const std::string& text : {sql.create_staging(), sql.copy(), sql.select_loaded(), sql.insert_ledger()})
    EXPECT_THAT(text, HasSubstr("DB.BRONZE.LOAD_STAGING_abcdef01"));
}

TEST(SnowflakeLoadSql, RowsAreInsertedOnlyOfObjectsThatTheLedgerHasNot) {
  const LoadSql sql("DB", "run", 1, kTime);
  for (const std::string& insert : {sql.insert_events(), sql.insert_rejected(), sql.insert_ledger()}) {
    EXPECT_THAT(insert, HasSubstr("NOT IN (SELECT object_key FROM DB.BRONZE.LOAD_LEDGER)"));
    EXPECT_THAT(insert, HasSubstr("'2026-02-15 17:52:36.123'::TIMESTAMP_NTZ(3)"));
  }
}

}  // namespace
}  // namespace sdp::warehouse::snowflake
