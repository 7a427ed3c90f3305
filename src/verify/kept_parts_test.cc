#include "verify/kept_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdp::verify {
namespace {

using testing::ElementsAre;

MartRecount recount_of(std::string sql, std::vector<std::string> parts, std::string faults = "") {
  MartRecount recount;
  recount.sql = std::move(sql);
  recount.parts = std::move(parts);
  recount.faults = std::move(faults);
  return recount;
}

std::vector<std::string> shared(const std::vector<MartRecount>& recounts) {
  std::vector<const MartRecount*> all;
  for (const MartRecount& recount : recounts) all.push_back(&recount);
  return shared_parts(all);
}

TEST(SharedParts, StandMoreThanOnceAndInnerOnesComeFirst) {
  const std::string facts = "(SELECT 1 AS x)";
  const std::string sessions = "(SELECT x FROM " + facts + " AS facts)";
  EXPECT_THAT(
      shared({recount_of("SELECT x FROM " + sessions + " AS s", {facts, sessions}),
              // The part of the other is this one's whole query.
              recount_of("SELECT x FROM " + facts + " AS facts", {facts}), recount_of("SELECT 3 AS y", {})}),
      ElementsAre(facts, sessions));
}

TEST(SharedParts, AreNoneWhereEachStandsOnce) {
  EXPECT_THAT(shared({recount_of("SELECT x FROM (SELECT 1 AS x) AS a", {"(SELECT 1 AS x)"}),
                      recount_of("SELECT x FROM (SELECT 2 AS x) AS a", {"(SELECT 2 AS x)"})}),
              ElementsAre());
}

TEST(SharedParts, MayBeThoseOfAQueryAndItsFaults) {
  const std::string part = "(SELECT 1 AS x)";
  EXPECT_THAT(shared({recount_of("SELECT x FROM " + part + " AS a", {part, part},
                                 "SELECT 'no' FROM " + part + " AS a")}),
              ElementsAre(part));
}

}  // namespace
}  // namespace sdp::verify
