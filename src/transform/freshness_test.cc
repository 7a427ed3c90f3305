#include "transform/freshness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "support/stand_in_dbt.h"

namespace sdp::transform {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string sources_json(const std::string& results) {
  return R"({"metadata": {}, "results": [)" + results + R"(], "elapsed_time": 0.1})";
}

std::string ledger(const std::string& status,
                   const std::string& newest = "2026-02-15T14:59:00.123456+00:00") {
  return R"({"unique_id": "source.spotify_dbt.bronze.load_ledger", "max_loaded_at": ")" + newest +
         R"(", "snapshotted_at": "2026-02-15T16:00:00Z", "max_loaded_at_time_ago_in_s": 3660.4, "status": ")" +
         status +
         R"(", "criteria": {"warn_after": {"count": 3, "period": "hour"}, "error_after": {"count": 2, "period": "day"}}})";
}

TEST(Sources, HaveAgeAndLimitsInSeconds) {
  const auto sources = parse_sources(sources_json(ledger("pass")));
  ASSERT_TRUE(sources) << sources.error().message;
  ASSERT_EQ(sources->size(), 1);
  const SourceFreshness& source = sources->front();
  EXPECT_EQ(source.source, "bronze.load_ledger");
  EXPECT_EQ(source.state, Freshness::fresh);
  EXPECT_EQ(source.newest, "2026-02-15T14:59:00.123Z");
  EXPECT_EQ(source.age_s, 3'660);
  EXPECT_EQ(source.late_after_s, 3 * 3'600);
  EXPECT_EQ(source.stale_after_s, 2 * 86'400);
}

TEST(Sources, AreLateOrStaleByTheWordOfDbt) {
  EXPECT_EQ(parse_sources(sources_json(ledger("warn")))->front().state, Freshness::late);
  EXPECT_EQ(parse_sources(sources_json(ledger("error")))->front().state, Freshness::stale);
}

TEST(Sources, WithoutATimeAreEmptyAndNotTwoThousandYearsOld) {
  const auto sources = parse_sources(sources_json(ledger("error", "0001-01-01T00:00:00Z")));
  ASSERT_TRUE(sources) << sources.error().message;
  EXPECT_EQ(sources->front().state, Freshness::empty);
  EXPECT_EQ(sources->front().newest, std::nullopt);
  EXPECT_EQ(sources->front().age_s, std::nullopt);
}

TEST(Sources, ThatDbtCouldNotAskAreAnError) {
  const auto sources = parse_sources(sources_json(
      R"({"unique_id": "source.x.bronze.load_ledger", "error": "no such table", "status": "runtime error"})"));
  ASSERT_FALSE(sources);
  EXPECT_EQ(sources.error().kind, ErrorKind::fatal);
  EXPECT_EQ(sources.error().message, "dbt could not ask the source bronze.load_ledger: no such table");
}

TEST(Sources, AreReadFromNothingElse) {
  for (const std::string text : {"", "[]", R"({"results": 1})", R"({"results": [1]})"}) {
    const auto sources = parse_sources(text);
    ASSERT_FALSE(sources) << text;
    EXPECT_EQ(sources.error().kind, ErrorKind::bad_input) << text;
  }
}

/// A shell script in the place of dbt.
class MeasuredFreshness : public testing::Test {
 protected:
  MeasuredFreshness() {
    fs::create_directories(target_path(options()));
    std::ofstream(target_path(options()) / "sources.json") << sources_json(ledger("pass"));
    std::ofstream(target_path(options()) / "run_results.json") << "results";
  }

  TransformOptions options() const { return dbt_.options(); }
  Result<std::vector<SourceFreshness>> by(const std::string& script) {
    dbt_.does(script);
    return measure_freshness(options());
  }
  static std::string writes(const std::string& results) {
    return "echo '" + sources_json(results) +
           "' >\"$DBT_TARGET_PATH/sources.json\"; [ \"$*\" = 'source freshness' ]";
  }

  support::StandInDbt dbt_;
  const fs::path& folder_ = dbt_.folder();
};

TEST_F(MeasuredFreshness, IsWhatDbtWroteAndLeavesTheResultsOfTheBuild) {
  const auto sources = by(writes(ledger("warn")));
  ASSERT_TRUE(sources) << sources.error().message;
  EXPECT_EQ(sources->front().state, Freshness::late);
  EXPECT_TRUE(fs::exists(results_path(options())));
}

TEST_F(MeasuredFreshness, AStaleSourceLetsDbtFailAndIsTold) {
  const auto sources = by(writes(ledger("error")) + "; exit 1");
  ASSERT_TRUE(sources) << sources.error().message;
  EXPECT_EQ(sources->front().state, Freshness::stale);
}

TEST_F(MeasuredFreshness, WhatAnEarlierCallLeftIsNotTakenForThisOnes) {
  const auto sources = by("echo 'no such profile'; exit 2");
  ASSERT_FALSE(sources);
  EXPECT_EQ(sources.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(sources.error().message,
              HasSubstr("no such profile; see " + folder_.string() + "/work/freshness.log"));
}

TEST_F(MeasuredFreshness, AProjectThatDeclaresNoneIsAnError) {
  const auto sources = by(writes(""));
  ASSERT_FALSE(sources);
  EXPECT_THAT(sources.error().message, HasSubstr("no source in"));
}

TEST_F(MeasuredFreshness, AWarehouseThatIsOpenElsewhereIsToldApart) {
  const auto sources = by("echo 'IO Error: Could not set lock on file'; exit 1");
  ASSERT_FALSE(sources);
  EXPECT_EQ(sources.error().kind, ErrorKind::fenced);
}

}  // namespace
}  // namespace sdp::transform
