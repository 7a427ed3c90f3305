#include "transform/docs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "support/stand_in_dbt.h"

namespace sdp::transform {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// A shell script in the place of dbt.
class Docs : public testing::Test {
 protected:
  Docs() {
    fs::create_directories(target_path(options()));
    std::ofstream(target_path(options()) / "manifest.json") << "{}";
    std::ofstream(target_path(options()) / "run_results.json") << "results";
  }

  TransformOptions options() const { return dbt_.options(); }
  Result<std::string> docs_of(const std::string& script) {
    dbt_.does(script);
    return make_docs(options());
  }
  std::string text(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  support::StandInDbt dbt_;
  const fs::path& folder_ = dbt_.folder();
};

constexpr auto kWritesThePage =
    "echo \"$@\"; env; echo page >\"$DBT_TARGET_PATH/index.html\"; "
    "echo \"at $DBT_TARGET_PATH/compiled/a.sql\" >\"$DBT_TARGET_PATH/static_index.html\"";

TEST_F(Docs, GivesThePageWithoutThePlaceWhereItWasMade) {
  const auto page = docs_of(kWritesThePage);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(*page, "at compiled/a.sql\n");
}

TEST_F(Docs, ShowsTheLastBuildAndLeavesItsResults) {
  ASSERT_TRUE(docs_of(kWritesThePage));
  const std::string log = text(folder_ / "work" / "docs.log");
  EXPECT_THAT(log, HasSubstr("docs generate --static --no-compile\n"));
  EXPECT_THAT(log, HasSubstr("\nSDP_WAREHOUSE_PATH=spotify_db.duckdb\n"));
  EXPECT_EQ(text(results_path(options())), "results");
  EXPECT_FALSE(fs::exists(target_path(options()) / "index.html"));
  EXPECT_FALSE(fs::exists(target_path(options()) / "static_index.html"));
}

TEST_F(Docs, BeforeTheFirstBuildThereIsNothingToShow) {
  fs::remove(target_path(options()) / "manifest.json");
  const auto page = docs_of(kWritesThePage);
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(page.error().message, HasSubstr("run `transform` first"));
}

TEST_F(Docs, APageOfAnEarlierRunIsNotTakenForThisOnes) {
  std::ofstream(target_path(options()) / "static_index.html") << "old";
  const auto page = docs_of("exit 0");
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorKind::fatal);
  EXPECT_THAT(page.error().message, HasSubstr("dbt wrote no"));
}

TEST_F(Docs, AWarehouseThatIsOpenElsewhereIsToldApart) {
  const auto page = docs_of("echo 'IO Error: Could not set lock on file'; exit 1");
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorKind::fenced);
}

TEST_F(Docs, WhatElseWentWrongIsShownWithTheLog) {
  const auto page = docs_of("echo 'no such column'; exit 1");
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorKind::fatal);
  EXPECT_THAT(page.error().message, HasSubstr("no such column; see " + folder_.string() + "/work/docs.log"));
}

}  // namespace
}  // namespace sdp::transform
