#include "transform/dbt_progress.h"

#include <gtest/gtest.h>

namespace sdp::transform {
namespace {

TEST(DbtNodeLine, IsOneOfANodeThatBeginsOrHasEnded) {
  const auto begins =
      parse_node_line("17:52:36  3 of 57 START sql table model SILVER.spotify_silver ....... [RUN]");
  ASSERT_TRUE(begins);
  EXPECT_EQ(begins->total, 57U);
  EXPECT_FALSE(begins->has_ended);
  const auto ended =
      parse_node_line("17:52:36  12 of 57 PASS song_daily_rows_are_unique ... [PASS in 0.05s]");
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->total, 57U);
  EXPECT_TRUE(ended->has_ended);
}

TEST(DbtNodeLine, OthersAreNone) {
  for (const char* const line :
       {"", "17:52:36", "17:52:36 ", "17:52:36  Running with dbt=1.11.16", "17:52:36  3 of",
        "17:52:36  3 of x START", "3 of 57 START", "17:52:36  3 models of 57",
        "17:52:36  Found 20 models, 29 tests", "aa:bb:cc  1 of 2",
        "17:52:36  1 of 1 START hook: spotify_dbt.on-run-start.0 ... [RUN]",
        "17:52:36  1 of 1 OK hook: spotify_dbt.on-run-start.0 ... [OK in 0.02s]"}) {
    EXPECT_FALSE(parse_node_line(line)) << line;
  }
}

}  // namespace
}  // namespace sdp::transform
