#include "verify/open_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdp::verify {
namespace {

using testing::HasSubstr;
using testing::Not;

const OpenBatch::State kState{.has = {}, .objects = "SELECT 'a'"};

TEST(OpenBatch, SilverIsAskedAsItWas) {
  const auto sql =
      OpenBatch::as_of(kState,
                       "SELECT x FROM transform.spotify_silver AS s JOIN BRONZE.LOAD_LEDGER AS l ON "
                       "l.object_key = s.object_key");
  ASSERT_TRUE(sql);
  EXPECT_THAT(*sql, HasSubstr("SELECT x FROM (SELECT * FROM (SELECT judged.*"));
  EXPECT_THAT(*sql, HasSubstr("object_key IN (SELECT 'a')) AS sdp_ranked WHERE sdp_place = 1) AS s JOIN "
                              "BRONZE.LOAD_LEDGER AS l ON l.object_key = s.object_key"));
  EXPECT_THAT(*sql, Not(HasSubstr("spotify_silver")));
}

TEST(OpenBatch, DuplicatesAndRejectedRowsToo) {
  EXPECT_THAT(*OpenBatch::as_of(kState, "FROM TRANSFORM.SPOTIFY_DUPLICATES"), HasSubstr("sdp_place > 1)"));
  EXPECT_EQ(*OpenBatch::as_of(kState, "FROM TRANSFORM.SPOTIFY_REJECTED "),
            "FROM (SELECT * FROM TRANSFORM.SPOTIFY_REJECTED WHERE object_key IN (SELECT 'a')) ");
}

TEST(OpenBatch, AQueryOverOtherTablesIsNotAnswered) {
  for (const char* sql : {"FROM MART.SONG_DAILY", "FROM TRANSFORM.INT_HEARD_EVENTS",
                          "FROM BRONZE.SPOTIFY_EVENTS", "FROM TRANSFORM.SPOTIFY_SILVER_2"})
    EXPECT_EQ(OpenBatch::as_of(kState, sql), std::nullopt) << sql;
  EXPECT_EQ(OpenBatch::as_of(kState, "SELECT mart.x, a_transform.y FROM t"), std::nullopt);
  EXPECT_EQ(OpenBatch::as_of(kState, "SELECT smart.x FROM t"), "SELECT smart.x FROM t");
}

}  // namespace
}  // namespace sdp::verify
