#include "verify/mart_recount.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace sdp::verify {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<MartRecount> parsed(const std::map<std::string, std::string, std::less<>>& files) {
  return parse_recount("a", [&](std::string_view name) -> Result<std::string> {
    const auto found = files.find(name);
    if (found == files.end()) return fail(ErrorKind::misconfigured, "no " + std::string(name));
    return found->second;
  });
}

using Column = MartRecount::Column;

TEST(MartRecount, IsTheQueryBelowItsComments) {
  const auto recount = parsed({{"a", "-- What it is.\n-- columns: x integer\n-- more\nSELECT 1 AS x;\n"}});
  ASSERT_TRUE(recount) << recount.error().message;
  EXPECT_EQ(recount->table, "MART.A");
  EXPECT_EQ(recount->sql, "SELECT 1 AS x");
  EXPECT_EQ(recount->where, "");
  EXPECT_EQ(recount->faults, "");
  EXPECT_THAT(recount->columns, ElementsAre(Column{"X", "INTEGER"}));
}

TEST(MartRecount, DeclaresWhatItTellsAndWhatItDoesNot) {
  const auto recount = parsed(
      {{"a",
        "-- table: transform.b\n-- columns: x BIGINT, y DATE\n-- columns: z VARCHAR\n-- where: open IS "
        "NULL\n-- other rows: those of the past\n-- not proved: seen_at TIMESTAMP: seen by dbt: only\n-- "
        "faults: _f\nSELECT 1 AS x"},
       {"_f", "-- Those that cannot be.\nSELECT 'no' AS fault FROM {{ _g }} AS g"},
       {"_g", "SELECT 2"}});
  ASSERT_TRUE(recount) << recount.error().message;
  EXPECT_EQ(recount->table, "TRANSFORM.B");
  EXPECT_EQ(recount->where, "open IS NULL");
  EXPECT_EQ(recount->other_rows, "those of the past");
  EXPECT_EQ(recount->faults, "SELECT 'no' AS fault FROM (SELECT 2) AS g");
  EXPECT_THAT(recount->counted(), ElementsAre("X", "Y", "Z"));
  EXPECT_THAT(recount->columns,
              ElementsAre(Column{"X", "BIGINT"}, Column{"Y", "DATE"}, Column{"Z", "VARCHAR"},
                          Column{"SEEN_AT", "TIMESTAMP", "seen by dbt: only"}));
}

TEST(MartRecount, TakesPartsIn) {
  const auto recount = parsed({{"a", "-- columns: x INTEGER\nSELECT x FROM {{ _b }} AS b, {{_c}} AS c"},
                               {"_b", "-- Not the whole.\n-- where: no\nSELECT x FROM {{ _c }} AS c\n"},
                               {"_c", "SELECT 1 AS x"}});
  ASSERT_TRUE(recount) << recount.error().message;
  EXPECT_EQ(recount->sql, "SELECT x FROM (SELECT x FROM (SELECT 1 AS x) AS c) AS b, (SELECT 1 AS x) AS c");
  EXPECT_EQ(recount->where, "");
}

TEST(MartRecount, RefusesWhatItCannotPutTogether) {
  const auto refusal = [](const std::string& text) {
    const auto recount = parsed({{"a", text}});
    return recount ? "none" : recount.error().message;
  };
  EXPECT_THAT(refusal("-- columns: x DATE\nSELECT {{ _b }}"), HasSubstr("no _b"));
  EXPECT_THAT(refusal("-- columns: x DATE\nSELECT {{ a }}"), HasSubstr("does it include itself?"));
  EXPECT_THAT(refusal("-- columns: x DATE\nSELECT {{ a"), HasSubstr("without '}}'"));
  EXPECT_THAT(refusal("-- columns: x DATE\n-- faults: _f\nSELECT 1"), HasSubstr("no _f"));
  EXPECT_THAT(refusal("-- columns: x\nSELECT 1 AS x"), HasSubstr("'x' without a type"));
  EXPECT_THAT(refusal("-- columns: x DATE\n-- not proved: y DATE\nSELECT 1 AS x"), HasSubstr("why Y is not"));
  EXPECT_THAT(refusal("SELECT 1 AS x"), HasSubstr("does not declare its columns"));
  EXPECT_EQ(read_recounts("/does/not/exist").error().kind, ErrorKind::misconfigured);
}

TEST(MartRecount, EpochMsIsSpelledByTheWarehouse) {
  const auto spell = [](std::string_view x) { return "[" + std::string(x) + "]"; };
  EXPECT_EQ(with_epoch_ms("a - epoch_ms(CAST(b AS TIMESTAMP)) + epoch_ms(c)", spell),
            "a - [CAST(b AS TIMESTAMP)] + [c]");
  EXPECT_EQ(with_epoch_ms("a", spell), "a");
}

}  // namespace
}  // namespace sdp::verify
