#include "transform/transform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stop_token>
#include <utility>

#include "diag/log.h"
#include "support/stand_in_dbt.h"

namespace sdp::transform {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

/// A shell script in the place of dbt.
class Transform : public testing::Test {
 protected:
  TransformOptions options() const { return dbt_.options(); }
  Result<TransformSummary> run_script(const std::string& script, std::stop_token stop = {}) {
    dbt_.does(script);
    return run(options(), std::move(stop));
  }
  std::string log_of(const TransformOptions& asked, const std::string& script) {
    dbt_.does(script);
    EXPECT_TRUE(run(asked));
    std::ifstream file(log_path(asked));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::string leaving(const std::string& results, int code) {
    return "cat >\"$DBT_TARGET_PATH/run_results.json\" <<'END'\n" + results + "\nEND\nexit " +
           std::to_string(code);
  }

  support::StandInDbt dbt_;
  const fs::path& folder_ = dbt_.folder();
};

constexpr auto kGood =
    R"({"results":[{"status":"success","unique_id":"model.p.a"},{"status":"pass","unique_id":"test.p.b.1"}]})";

TEST_F(Transform, GivesTheSummary) {
  const auto summary = run_script(leaving(kGood, 0));
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->models_ok, 1u);
  EXPECT_EQ(summary->tests_passed, 1u);
  EXPECT_GT(summary->seconds, 0);
}

TEST_F(Transform, TellsDbtWhereEverythingIsAndKeepsTheProjectClean) {
  ASSERT_TRUE(run_script("echo \"$@\"; pwd; env; " + leaving(kGood, 0)));
  std::ifstream file(log_path(options()));
  const std::string log{std::istreambuf_iterator<char>(file), {}};
  const auto path = folder_.string();
  for (const std::string& line :
       {std::string("build --exclude-resource-type unit_test\n"), "DBT_PROJECT_DIR=" + path + "/project\n",
        "DBT_PROFILES_DIR=" + path + "/project\n", "DBT_TARGET_PATH=" + path + "/work/target\n",
        "DBT_LOG_PATH=" + path + "/work/logs\n", std::string("DBT_SEND_ANONYMOUS_USAGE_STATS=false\n"),
        std::string("SDP_TRANSFORM_THREADS=2\n"), std::string("SDP_TRANSFORM_MEMORY=384MB\n"),
        std::string("SDP_MAPPING_SQL=\n"), std::string("SDP_MAPPING_DIGEST=\n")}) {
    EXPECT_THAT(log, HasSubstr(line));
  }
}

TEST_F(Transform, WhatTheEnvironmentSaysToOtherProjectsDbtDoesNotHear) {
  const std::vector<std::string> others{"DBT_EMPTY", "DBT_RESOURCE_TYPES", "DBT_OF_THE_NEXT_VERSION",
                                        "PYTHONHOME"};
  const std::vector<std::string> heard{"DBT_LOG_LEVEL", "DBT_ENV_CUSTOM_ENV_x"};
  for (const auto* names : {&others, &heard})
    for (const std::string& name : *names) ::setenv(name.c_str(), "set", 1);
  const std::string log = log_of(options(), "env; " + leaving(kGood, 0));
  for (const std::string& name : others) {
    ::unsetenv(name.c_str());
    EXPECT_THAT(log, HasSubstr("\n" + name + "=\n"));
  }
  for (const std::string& name : heard) {
    ::unsetenv(name.c_str());
    EXPECT_THAT(log, HasSubstr("\n" + name + "=set\n"));
  }
}

TEST_F(Transform, DbtRunsInTheWarehousesFolderAndKnowsTheFileByItsBareName) {
  TransformOptions asked = options();
  fs::create_directories(folder_ / "warehouse");
  asked.warehouse_path = folder_ / "warehouse" / "spotify_db.duckdb";
  const std::string log = log_of(asked, "pwd; env; " + leaving(kGood, 0));
  EXPECT_THAT(log, HasSubstr((folder_ / "warehouse").string() + "\n"));
  EXPECT_THAT(log, HasSubstr("\nSDP_WAREHOUSE_PATH=spotify_db.duckdb\n"));
}

TEST_F(Transform, WithoutAWarehouseFileDbtRunsInTheWorkingFolder) {
  TransformOptions asked = options();
  asked.warehouse_path.clear();
  const std::string log = log_of(asked, "pwd; env; " + leaving(kGood, 0));
  EXPECT_THAT(log, HasSubstr((folder_ / "work").string() + "\n"));
  EXPECT_THAT(log, Not(HasSubstr("SDP_WAREHOUSE_PATH")));
}

TEST_F(Transform, AWarehouseWithoutAFolderIsNamed) {
  TransformOptions asked = options();
  asked.warehouse_path = folder_ / "nowhere" / "spotify_db.duckdb";
  std::ofstream(folder_ / "dbt") << "#!/bin/sh\n";
  fs::permissions(folder_ / "dbt", fs::perms::owner_all);
  const auto summary = run(asked);
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(summary.error().message, HasSubstr(asked.warehouse_path.string() + ": load first"));
}

TEST_F(Transform, PassesOnWhatDbtShouldDoAndUse) {
  TransformOptions asked = options();
  asked.unit_tests = true;
  asked.extra_arguments = {"--full-refresh"};
  asked.threads = 3;
  asked.memory_limit = "1GB";
  asked.mapping_sql = "mapped as (select 1)";
  asked.mapping_digest = "abc";
  const std::string log = log_of(asked, "echo \"$@\"; env; " + leaving(kGood, 0));
  for (const char* line :
       {"build --full-refresh\n", "SDP_TRANSFORM_THREADS=3\n", "SDP_TRANSFORM_MEMORY=1GB\n",
        "SDP_MAPPING_SQL=mapped as (select 1)\n", "SDP_MAPPING_DIGEST=abc\n"})
    EXPECT_THAT(log, HasSubstr(line));
}

TEST_F(Transform, ShowsTheOutputOfDbtWhenAskedTo) {
  for (const bool verbose : {false, true}) {
    TransformOptions asked = options();
    asked.verbose = verbose;
    std::string logged;
    diag::configure({.enabled = diag::parse_levels("info").value(),
                     .write = [&](std::string_view line) { logged += line; }});
    log_of(asked, "echo canary; " + leaving(kGood, 0));
    diag::configure({});
    EXPECT_EQ(logged.contains("canary"), verbose) << logged;
  }
}

TEST_F(Transform, AFailedTestIsAViolationThatNamesIt) {
  const auto summary = run_script(leaving(
      R"({"results":[{"status":"fail","unique_id":"test.p.unique_b.1","message":"Got 3 results","failures":3},{"status":"skipped","unique_id":"model.p.c"}]})",
      1));
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::violation);
  EXPECT_THAT(summary.error().message, HasSubstr("test unique_b failed on 3 rows (Got 3 results)"));
  EXPECT_THAT(summary.error().message, HasSubstr(log_path(options()).string()));
}

TEST_F(Transform, AFailedModelIsNoFindingAboutTheData) {
  const auto summary = run_script(
      leaving(R"({"results":[{"status":"error","unique_id":"model.p.a","message":"Out of Memory"}]})", 1));
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::fatal);
  EXPECT_THAT(summary.error().message, HasSubstr("model a failed (Out of Memory)"));
}

TEST_F(Transform, AFailureInTheResultsCountsEvenWhenDbtSaysZero) {
  EXPECT_FALSE(
      run_script(leaving(R"({"results":[{"status":"fail","unique_id":"test.p.b.1","failures":1}]})", 0)));
}

TEST_F(Transform, ExitCodeTwoIsASettingThatIsWrong) {
  const auto summary = run_script("echo 'Parsing Error: no such thing'; exit 2");
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(summary.error().message, HasSubstr("Parsing Error: no such thing"));
}

TEST_F(Transform, NoResultsOrGarbageIsNoSuccess) {
  for (const auto* script : {"exit 0", "exit 1", "kill -9 $$", "head -c 100000 /dev/urandom; exit 0",
                             "echo '{]' >\"$DBT_TARGET_PATH/run_results.json\"; exit 0"}) {
    const auto summary = run_script(script);
    ASSERT_FALSE(summary) << script;
    EXPECT_EQ(summary.error().kind, ErrorKind::fatal) << script;
  }
}

TEST_F(Transform, ResultsOfAnEarlierRunAreNotTakenForThisOne) {
  ASSERT_TRUE(run_script(leaving(kGood, 0)));
  EXPECT_FALSE(run_script("exit 0"));
}

TEST_F(Transform, ABuildThatIsStoppedSaysWhatIsKept) {
  std::stop_source stop;
  stop.request_stop();
  const auto summary = run_script(leaving(kGood, 0), stop.get_token());
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::interrupted);
  EXPECT_THAT(summary.error().message,
              HasSubstr("stopped while dbt built the marts; what was loaded is kept"));
}

TEST_F(Transform, ALockedWarehouseIsNamed) {
  const auto summary = run_script("echo 'IO Error: Could not set lock on file \"x\"'; exit 2");
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::fenced);
  EXPECT_THAT(summary.error().message, HasSubstr((folder_ / "spotify_db.duckdb").string()));
}

TEST_F(Transform, AMissingDbtNamesTheCommandThatFetchesIt) {
  const auto summary = run(options());
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(summary.error().message, HasSubstr("tools/setup build"));
}

}  // namespace
}  // namespace sdp::transform
