#include "warehouse/snowflake/read_only.h"

#include <gtest/gtest.h>

namespace sdp::warehouse::snowflake {
namespace {

TEST(SnowflakeReadOnly, QueriesMayBeAsked) {
  for (const std::string_view sql :
       {"SELECT 1", " \n(select 1)", "WITH t AS (SELECT 1) SELECT * FROM t", "-- a; b\nSELECT 1", "SELECT 1;",
        "SELECT 1; -- done;", "/* ; */ SELECT ';' || \";\" || $$;$$ FROM t", "SELECT 'it''s; fine'",
        R"(SELECT 'a\';b')", "SELECT 1; /* x */ \n", "SELECT 1;;"}) {
    EXPECT_TRUE(check_read_only(sql)) << sql;
  }
}

TEST(SnowflakeReadOnly, NothingElseMay) {
  for (const std::string_view sql :
       {"", ";", "INSERT INTO t VALUES (1)", "-- SELECT\nDROP TABLE t", "/* SELECT */ DELETE FROM t",
        "SELECT 1; DROP TABLE t", "SELECT ';'; DROP TABLE t", R"(SELECT 'a\'; DROP' ; DROP TABLE t)",
        "SELECTED", "COPY INTO t FROM @s", "'SELECT' 1", "CALL p()", "SELECT 1 /* ; */; --\nDROP TABLE t"}) {
    EXPECT_FALSE(check_read_only(sql)) << sql;
  }
}

}  // namespace
}  // namespace sdp::warehouse::snowflake
