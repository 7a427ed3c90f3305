#include "cli/top.h"

#include <gtest/gtest.h>

#include "base/utc_time.h"
#include "base/uuid.h"

namespace sdp::cli {
namespace {

using std::chrono::seconds;

const UtcMillis kBegin = *base::parse_iso("2026-02-15T17:52:40.000Z");

Status at(int second, log::Offset log_end, log::Offset lake_end) {
  Status all;
  all.at = kBegin + seconds(second);
  all.topic = "spotify-events";
  all.topic_id = *base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000");
  PartitionStatus one;
  one.available = {0, log_end};
  one.lake_end = lake_end;
  one.lag = log_end - lake_end;
  all.partitions.push_back(one);
  return all;
}

Course course(std::initializer_list<std::uint64_t> counts) {
  Course all;
  int second = 0;
  for (const std::uint64_t count : counts) all.add({kBegin + seconds(second++), count});
  return all;
}

TEST(Course, ARateIsThatOfTheNewestSamples) {
  EXPECT_EQ(course({}).per_second(), std::nullopt);
  EXPECT_EQ(course({5}).per_second(), std::nullopt);
  EXPECT_EQ(course({5, 15}).per_second(), 10.0);
  EXPECT_EQ(course({0, 1000, 1000, 1010, 1020, 1030, 1040, 1050}).per_second(), 10.0);
}

TEST(Course, ANumberThatGetsSmallerOrIsNotKnownBeginsAgain) {
  EXPECT_EQ(course({100, 200, 50}).per_second(), std::nullopt);
  EXPECT_EQ(course({100, 200, 50, 60}).per_second(), 10.0);
  Course all = course({100, 200});
  all.add({kBegin + seconds(2), std::nullopt});
  EXPECT_EQ(all.per_second(), std::nullopt);
  EXPECT_TRUE(all.trend(10).empty());
}

TEST(Course, AClockThatGoesBackGivesNoRate) {
  Course all = course({100, 200});
  all.add({kBegin - seconds(5), 300});
  EXPECT_EQ(all.per_second(), std::nullopt);
}

TEST(Course, KeepsNoMoreThanItShows) {
  Course all;
  for (int second = 0; second < 1'000; ++second)
    all.add({kBegin + seconds(second), static_cast<std::uint64_t>(second) * 3});
  EXPECT_EQ(all.trend(10'000), std::vector<double>(Course::kSamplesMax - 1, 3.0));
  EXPECT_EQ(all.trend(4), std::vector<double>(4, 3.0));
}

TEST(Sparkline, GoesFromNothingToTheLargest) {
  EXPECT_EQ(sparkline({}), "");
  EXPECT_EQ(sparkline({0, 0}), "  ");
  EXPECT_EQ(sparkline({0, 5, 10}), " =#");
}

TEST(Top, SaysHowFastStagesAreAndWhenTheLakeWillHaveCaughtUp) {
  Top top;
  top.look(at(0, 1'000, 0));
  EXPECT_TRUE(top.to_json()["rates"]["stages"][0]["per_second"].is_null());
  top.look(at(1, 1'100, 300));
  const auto rates = top.to_json()["rates"];
  EXPECT_EQ(rates["stages"][0]["stage"], "log");
  EXPECT_EQ(rates["stages"][0]["per_second"], 100.0);
  EXPECT_EQ(rates["stages"][1]["per_second"], 300.0);
  EXPECT_EQ(rates["stages"][1]["caught_up_in_seconds"], 4.0);  // 800 behind, 200 a second nearer
  EXPECT_EQ(rates["partitions"][0]["log_per_second"], 100.0);
  EXPECT_EQ(rates["partitions"][0]["lake_per_second"], 300.0);
  const std::string text = top.to_text();
  EXPECT_NE(text.find("CAUGHT UP IN"), std::string::npos);
  EXPECT_NE(text.find(" 4 s "), std::string::npos) << text;
}

TEST(Top, ALakeThatKeepsUpIsGivenNoTime) {
  Top top;
  top.look(at(0, 1'000, 800));
  top.look(at(1, 1'200, 1'005));
  EXPECT_TRUE(top.to_json()["rates"]["stages"][1]["caught_up_in_seconds"].is_null());
}

TEST(Top, ALineHasTheStagesInTheirOrder) {
  Top top;
  top.look(at(0, 1'000, 0));
  top.look(at(1, 1'100, 300));
  EXPECT_EQ(top.to_line(), "2026-02-15T17:52:41.000Z log/s=100 lake/s=300 bronze/s=- silver/s=- lag=800\n");
}

TEST(Top, ALakeThatFallsBehindIsGivenNoTime) {
  Top top;
  top.look(at(0, 1'000, 0));
  top.look(at(1, 1'300, 100));
  EXPECT_TRUE(top.to_json()["rates"]["stages"][1]["caught_up_in_seconds"].is_null());
}

TEST(Top, AnotherTopicBeginsAgain) {
  Top top;
  top.look(at(0, 1'000, 0));
  Status other = at(1, 2'000, 500);
  other.topic_id = *base::parse_uuid("2a2b3c4d-0000-4000-8000-000000000000");
  top.look(other);
  EXPECT_TRUE(top.to_json()["rates"]["partitions"][0]["log_per_second"].is_null());
}

}  // namespace
}  // namespace sdp::cli
