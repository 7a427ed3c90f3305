#include "cli/clock_skew.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdp::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;

constexpr UtcMillis kNow{milliseconds(1'700'000'000'000)};
constexpr ClockOf kStore{.server = "the store", .what_breaks = "it refuses us"};

Result<Found> judged(milliseconds ahead, milliseconds tolerance = milliseconds(500)) {
  return judge_clock(kStore, {.there = kNow, .here = kNow + ahead, .tolerance = tolerance});
}

TEST(ClockSkew, LessThanFiveSecondsIsGood) {
  for (const milliseconds ahead : {milliseconds(0), milliseconds(5'499), milliseconds(-5'499)}) {
    const auto found = judged(ahead);
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->is_warning) << found->text;
  }
  EXPECT_EQ(judged(milliseconds(100))->text, "within 0.6 s of the store");
}

TEST(ClockSkew, FromFiveSecondsOnItIsSaidWhatIsOff) {
  const auto ahead = judged(milliseconds(5'500));
  ASSERT_TRUE(ahead);
  EXPECT_TRUE(ahead->is_warning);
  EXPECT_THAT(ahead->text, AllOf(HasSubstr("5.5 s ahead of that of the store"), HasSubstr("NTP")));
  EXPECT_THAT(judged(seconds(-60))->text, HasSubstr("60.0 s behind that of the store"));
}

TEST(ClockSkew, WhereTheServerRefusesUsItFails) {
  const auto refused = judged(kSkewRefused + milliseconds(500));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(refused.error().message, HasSubstr("it refuses us"));
}

TEST(ClockSkew, WhatASlowAnswerMayExplainIsNotTold) {
  EXPECT_FALSE(judged(seconds(20), seconds(16))->is_warning);
  EXPECT_TRUE(judged(seconds(20), seconds(14))->is_warning);
}

TEST(ClockSkew, ARecordFromTheFutureTellsOfTheBrokersClock) {
  EXPECT_FALSE(judge_newest_record(kNow - seconds(1'000), kNow, true));
  EXPECT_FALSE(judge_newest_record(kNow + seconds(4), kNow, true));
  const auto found = judge_newest_record(kNow + seconds(90), kNow, true);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->is_warning);
  EXPECT_THAT(found->text, HasSubstr("90.0 s ahead"));
  EXPECT_THAT(judge_newest_record(kNow + seconds(90), kNow, false)->text, HasSubstr("producer"));
}

}  // namespace
}  // namespace sdp::cli
