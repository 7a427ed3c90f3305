#include "sink/sink_rules.h"

#include <gtest/gtest.h>

namespace sdp::sink {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const SteadyTime kStart = SteadyTime(hours(1));
constexpr SinkTimers kTimers;

TEST(OutageClock, FirstFailureBeginsAnOutageAndAnAnswerEndsIt) {
  OutageClock outage(seconds(300));
  EXPECT_FALSE(outage.answered(kStart));
  EXPECT_EQ(outage.failed(kStart), OutageClock::Failure::begun);
  EXPECT_EQ(outage.failed(kStart + seconds(1)), OutageClock::Failure::lasting);
  EXPECT_EQ(outage.answered(kStart + seconds(2)), seconds(2));
  EXPECT_FALSE(outage.answered(kStart + seconds(3)));
  EXPECT_EQ(outage.failed(kStart + seconds(4)), OutageClock::Failure::begun);
}

TEST(OutageClock, IsExceededOnlyAfterTheWholeTimeWithoutAnAnswer) {
  OutageClock outage(seconds(300));
  EXPECT_EQ(outage.failed(kStart), OutageClock::Failure::begun);
  EXPECT_EQ(outage.failed(kStart + seconds(300)), OutageClock::Failure::lasting);
  EXPECT_EQ(outage.failed(kStart + seconds(300) + milliseconds(1)), OutageClock::Failure::exceeded);
  EXPECT_EQ(outage.lasts(kStart + seconds(301)), seconds(301));
  static_cast<void>(outage.answered(kStart + seconds(302)));
  EXPECT_EQ(outage.lasts(kStart + seconds(303)), milliseconds(0));
  EXPECT_EQ(outage.failed(kStart + seconds(601)), OutageClock::Failure::begun);
}

class CaughtUp : public testing::Test {
 protected:
  CaughtUpRule rule_{kTimers, seconds(45), kStart};
};

TEST_F(CaughtUp, NobodyIsCaughtUpBeforeTheFirstAssignment) {
  EXPECT_FALSE(rule_.was_assigned());
  rule_.assigned(kStart);
  EXPECT_TRUE(rule_.was_assigned());
}

TEST_F(CaughtUp, PositionAtTheEndIsRead) {
  rule_.assigned(kStart);
  EXPECT_FALSE(rule_.is_read(9, 10, kStart));
  EXPECT_TRUE(rule_.is_read(10, 10, kStart));
  EXPECT_TRUE(rule_.is_read(11, 10, kStart));
}

TEST_F(CaughtUp, QuietTimeCountsAsReadAndEndsWithARecord) {
  rule_.assigned(kStart);
  EXPECT_FALSE(rule_.is_read(9, 10, kStart + kTimers.quiet_is_caught_up));
  EXPECT_TRUE(rule_.is_read(9, 10, kStart + kTimers.quiet_is_caught_up + milliseconds(1)));
  rule_.busy(kStart + seconds(3));
  EXPECT_FALSE(rule_.is_read(9, 10, kStart + seconds(4)));
  rule_.assigned(kStart + seconds(7));
  EXPECT_FALSE(rule_.is_read(9, 10, kStart + seconds(8)));
}

TEST_F(CaughtUp, OthersAreLookedAtOnceAnIntervalUntilTheirSessionsAreOver) {
  rule_.assigned(kStart);
  EXPECT_EQ(rule_.others(kStart), CaughtUpRule::Others::look);
  EXPECT_EQ(rule_.others(kStart + kTimers.others_check_interval - milliseconds(1)),
            CaughtUpRule::Others::wait);
  EXPECT_EQ(rule_.others(kStart + kTimers.others_check_interval), CaughtUpRule::Others::look);
  EXPECT_EQ(rule_.others(kStart + seconds(45) + kTimers.others_are_late), CaughtUpRule::Others::look);
  EXPECT_EQ(rule_.others(kStart + seconds(45) + kTimers.others_are_late + milliseconds(1)),
            CaughtUpRule::Others::expired);
  // A new assignment may have brought a part only: the time begins again.
  rule_.assigned(kStart + seconds(60));
  EXPECT_EQ(rule_.others(kStart + seconds(60)), CaughtUpRule::Others::look);
}

class Hours : public testing::Test {
 protected:
  const lake::Hour hour_ = lake::parse_hour("2026-02-15T17").value();
  HourSchedule schedule_{kTimers, seconds(60)};
};

TEST_F(Hours, ObjectProvesTheHoursBeforeItsOwnToBeOver) {
  EXPECT_EQ(HourSchedule::over_by_object(UtcMillis(hour_)), hour_ - hours(1));
  EXPECT_EQ(HourSchedule::over_by_object(UtcMillis(hour_ + hours(1)) - milliseconds(1)), hour_ - hours(1));
}

TEST_F(Hours, ClockProvesAnHourToBeOverAfterTheGrace) {
  EXPECT_EQ(schedule_.over_by_clock(UtcMillis(hour_ + hours(1)) + seconds(60) - milliseconds(1)),
            hour_ - hours(1));
  EXPECT_EQ(schedule_.over_by_clock(UtcMillis(hour_ + hours(1)) + seconds(60)), hour_);
}

TEST_F(Hours, EachHourOfAPartitionIsAskedForOnce) {
  EXPECT_TRUE(schedule_.ask(0, hour_));
  EXPECT_FALSE(schedule_.ask(0, hour_));
  EXPECT_FALSE(schedule_.ask(0, hour_ - hours(1)));
  EXPECT_TRUE(schedule_.ask(1, hour_));
  EXPECT_TRUE(schedule_.ask(0, hour_ + hours(1)));
  EXPECT_TRUE(schedule_.was_asked(0, hour_ + hours(1)));
  EXPECT_FALSE(schedule_.was_asked(1, hour_ + hours(1)));
  EXPECT_FALSE(schedule_.was_asked(2, hour_));
}

TEST_F(Hours, IdlePartitionsAreLookedAtOnceAnInterval) {
  EXPECT_TRUE(schedule_.look(kStart));
  EXPECT_FALSE(schedule_.look(kStart + kTimers.hour_check_interval - milliseconds(1)));
  EXPECT_TRUE(schedule_.look(kStart + kTimers.hour_check_interval));
}

TEST_F(Hours, FailureIsAskedForAgainAfterTheRetryInterval) {
  EXPECT_TRUE(schedule_.ask(0, hour_));
  schedule_.failed(kStart);
  schedule_.failed(kStart + seconds(30));  // does not put it off
  EXPECT_TRUE(schedule_.look(kStart + kTimers.hour_retry_interval - milliseconds(1'000)));
  EXPECT_FALSE(schedule_.ask(0, hour_));
  EXPECT_TRUE(schedule_.look(kStart + kTimers.hour_retry_interval));
  EXPECT_TRUE(schedule_.ask(0, hour_));
  EXPECT_TRUE(schedule_.look(kStart + kTimers.hour_retry_interval + seconds(40)));
  EXPECT_FALSE(schedule_.ask(0, hour_));
}

}  // namespace
}  // namespace sdp::sink
