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

TEST(MartRecount, IsTheQueryBelowItsComments) {
  const auto recount = parsed({{"a", "-- What it is.\n-- more\nSELECT 1 AS x;\n"}});
  ASSERT_TRUE(recount) << recount.error().message;
  EXPECT_EQ(recount->mart, "MART.A");
  EXPECT_EQ(recount->sql, "SELECT 1 AS x");
  EXPECT_EQ(recount->where, "");
  EXPECT_TRUE(recount->but_for.empty());
}

TEST(MartRecount, DeclaresWhatItDoesNotTell) {
  const auto recount = parsed({{"a", "-- where: open IS NULL\n-- but for: seen_at, Id\nSELECT 1 AS x"}});
  ASSERT_TRUE(recount) << recount.error().message;
  EXPECT_EQ(recount->where, "open IS NULL");
  EXPECT_THAT(recount->but_for, ElementsAre("SEEN_AT", "ID"));
}

TEST(MartRecount, TakesPartsIn) {
  const auto recount = parsed({{"a", "SELECT x FROM {{ _b }} AS b, {{_c}} AS c"},
                               {"_b", "-- Not the whole.\n-- where: no\nSELECT x FROM {{ _c }} AS c\n"},
                               {"_c", "SELECT 1 AS x"}});
  ASSERT_TRUE(recount) << recount.error().message;
  EXPECT_EQ(recount->sql, "SELECT x FROM (SELECT x FROM (SELECT 1 AS x) AS c) AS b, (SELECT 1 AS x) AS c");
  EXPECT_EQ(recount->where, "");
}

TEST(MartRecount, RefusesWhatItCannotPutTogether) {
  EXPECT_THAT(parsed({{"a", "SELECT {{ _b }}"}}).error().message, HasSubstr("no _b"));
  EXPECT_THAT(parsed({{"a", "SELECT {{ a }}"}}).error().message, HasSubstr("does it include itself?"));
  EXPECT_THAT(parsed({{"a", "SELECT {{ a"}}).error().message, HasSubstr("without '}}'"));
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
