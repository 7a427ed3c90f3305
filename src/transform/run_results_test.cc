#include "transform/run_results.h"

#include <gtest/gtest.h>

namespace sdp::transform {
namespace {

TEST(RunResults, AreCountedByKindAndStatus) {
  const auto summary = parse_run_results(R"({"results":[
    {"status":"success","unique_id":"model.spotify_dbt.top_songs","message":"OK","failures":null},
    {"status":"pass","unique_id":"test.spotify_dbt.unique_x.0a1b","message":null,"failures":0},
    {"status":"pass","unique_id":"unit_test.spotify_dbt.top_songs.counts"},
    {"status":"warn","unique_id":"test.spotify_dbt.late.0a1b","message":"Got 2 results","failures":2},
    {"status":"fail","unique_id":"test.spotify_dbt.unique_y.0a1b","message":"Got 3 results,\n  configured to fail if != 0","failures":3},
    {"status":"error","unique_id":"model.spotify_dbt.user_engagement","message":"Runtime Error"},
    {"status":"success","unique_id":"snapshot.spotify_dbt.listener_history"},
    {"status":"no-op","unique_id":"exposure.spotify_dbt.dashboard"},
    {"status":"success","unique_id":"operation.spotify_dbt.spotify_dbt-on-run-start-0"},
    {"status":"error","unique_id":"operation.spotify_dbt.spotify_dbt-on-run-end-0","message":"no space"},
    {"status":"skipped","unique_id":"test.spotify_dbt.z.0a1b"}]})");
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->models_ok, 2u);
  EXPECT_EQ(summary->tests_passed, 2u);
  EXPECT_EQ(summary->warned, 1u);
  EXPECT_EQ(summary->failed, 3u);
  EXPECT_EQ(summary->skipped, 1u);
  ASSERT_EQ(summary->failures.size(), 4u);
  EXPECT_EQ(to_string(summary->failures[0]), "test late warned on 2 rows (Got 2 results)");
  EXPECT_EQ(to_string(summary->failures[1]),
            "test unique_y failed on 3 rows (Got 3 results, configured to fail if != 0)");
  EXPECT_EQ(to_string(summary->failures[2]), "model user_engagement failed (Runtime Error)");
  EXPECT_EQ(to_string(summary->failures[3]), "hook spotify_dbt-on-run-end-0 failed (no space)");
  EXPECT_EQ(to_string(*summary), "2 models, 2 tests passed, 3 failed, 1 warned, 1 skipped in 0.0 s");
}

TEST(RunResults, AnUnknownStatusCountsAsFailed) {
  EXPECT_EQ(parse_run_results(R"({"results":[{"status":"new","unique_id":"x"}]})")->failed, 1u);
  EXPECT_EQ(parse_run_results(R"({"results":[{}]})")->failed, 1u);
}

TEST(RunResults, AnythingElseIsRefused) {
  for (const auto* text :
       {"", "{", "[]", "{}", "null", R"({"results":{}})", R"({"results":[1]})", "\xff\xfe"}) {
    const auto summary = parse_run_results(text);
    ASSERT_FALSE(summary) << text;
    EXPECT_EQ(summary.error().kind, ErrorKind::bad_input);
  }
}

TEST(RunResults, AnExposureIsNoNodeOfABuild) {
  const auto build = parse_node_results(R"({"results":[
    {"status":"no-op","unique_id":"exposure.spotify_dbt.page_music"},
    {"status":"success","unique_id":"model.spotify_dbt.top_songs"}]})");
  ASSERT_TRUE(build);
  ASSERT_EQ(build->nodes.size(), 1u);
  EXPECT_EQ(build->nodes[0].name, "top_songs");
}

}  // namespace
}  // namespace sdp::transform
