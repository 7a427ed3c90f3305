#include "cli/versions.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace sdp::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string text_of(const char* path) {
  const char* const source = std::getenv("SDP_SOURCE_DIR");
  if (source == nullptr) return "set SDP_SOURCE_DIR to the top folder, or run through ctest";
  std::ifstream file(fs::path(source) / path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

TEST(Versions, TestedAreThoseThatAreFetched) {
  for (const TestedPart& part : {kTestedDbt, kTestedDbtDuckDb, kTestedDbtSnowflake})
    EXPECT_THAT(text_of("tools/deps/dbt.lock"), HasSubstr(fmt::format("\n{}=={} ", part.name, part.version)));
  EXPECT_THAT(text_of("tools/deps/package.json"),
              HasSubstr(fmt::format("\"@duckdb/node-bindings-linux-x64\": \"{}-", kTestedDuckDb.version)));
}

TEST(Versions, AreComparedNumberByNumber) {
  EXPECT_TRUE(is_older("1.9.9", "1.11"));
  EXPECT_TRUE(is_older("1.11", "1.11.1"));
  EXPECT_FALSE(is_older("1.11.1", "1.11.1"));
  EXPECT_FALSE(is_older("2.0", "1.11.1"));
  EXPECT_FALSE(is_older("1.11.1rc1", "1.11.1"));
}

TEST(Versions, WhatIsOlderThanTestedIsNamed) {
  const TestedPart part{"dbt-core", "1.11.16"};
  EXPECT_EQ(judge_version(part, "1.12.0").text, "dbt-core 1.12.0");
  EXPECT_FALSE(judge_version(part, "1.11.16").is_warning);
  const Found old = judge_version(part, "1.9.0");
  EXPECT_TRUE(old.is_warning);
  EXPECT_THAT(old.text, HasSubstr("dbt-core 1.9.0 (older than 1.11.16"));
}

TEST(Versions, OfAPythonEnvironmentAreReadFromItsFolders) {
  const fs::path root = fs::path(testing::TempDir()) / "versions_test";
  const fs::path packages = root / "lib/python3.11/site-packages";
  fs::create_directories(packages / "dbt_core-1.2.3.dist-info");
  fs::create_directories(packages / "dbt_core_other-9.dist-info");
  EXPECT_EQ(version_beside(root / "bin/dbt", "dbt-core"), "1.2.3");
  EXPECT_EQ(version_beside(root / "bin/dbt", "dbt-duckdb"), std::nullopt);
  EXPECT_EQ(version_beside(root / "none/bin/dbt", "dbt-core"), std::nullopt);
  fs::remove_all(root);
}

TEST(Versions, OfADuckDbFileAreInItsFirstBytes) {
  std::string bytes(kDuckDbHeaderBytes, '\0');
  EXPECT_FALSE(parse_duckdb_header(bytes));
  bytes.replace(8, 4, "DUCK");
  bytes[12] = 64;
  bytes.replace(52, 6, "v1.5.6");
  const auto header = parse_duckdb_header(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->storage, 64U);
  EXPECT_EQ(header->made_by, "1.5.6");
  bytes.replace(52, 6, "custom");
  EXPECT_EQ(parse_duckdb_header(bytes)->made_by, "");
  EXPECT_FALSE(parse_duckdb_header(std::string_view(bytes).substr(1)));
}

}  // namespace
}  // namespace sdp::cli
