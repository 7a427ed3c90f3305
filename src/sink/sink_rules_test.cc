#include "sink/sink_rules.h"

#include <gtest/gtest.h>

#include <optional>

#include "log/record.h"

namespace sdp::sink {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Of a machine that was booted just now.
const SteadyTime kStart{};
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
  CaughtUpRule rule_{kTimers, seconds(45)};
};

TEST_F(CaughtUp, NobodyIsCaughtUpBeforeTheFirstAssignment) {
  EXPECT_FALSE(rule_.was_assigned());
  rule_.assigned(kStart);
  EXPECT_TRUE(rule_.was_assigned());
}

TEST_F(CaughtUp, TheFirstEndThatWasAskedForAfterTheStopWasWantedHolds) {
  rule_.ended(0, 5, kStart);
  EXPECT_FALSE(rule_.end_of(0));
  rule_.begin(kStart + seconds(1));
  rule_.ended(0, 6, kStart + milliseconds(999));
  EXPECT_FALSE(rule_.end_of(0));
  rule_.ended(0, 7, kStart + seconds(1));
  rule_.begin(kStart + seconds(2));
  rule_.ended(0, 8, kStart + seconds(3));
  EXPECT_EQ(rule_.end_of(0), 7);
  EXPECT_FALSE(rule_.end_of(1));
}

TEST_F(CaughtUp, APartitionOfAnotherMemberStaysDurable) {
  EXPECT_FALSE(rule_.is_other_durable(2));
  rule_.other_is_durable(2);
  EXPECT_TRUE(rule_.is_other_durable(2));
  EXPECT_FALSE(rule_.is_other_durable(1));
}

TEST_F(CaughtUp, OthersAreLookedAtOnceAnIntervalUntilNothingMovedForASession) {
  rule_.begin(kStart);
  EXPECT_EQ(rule_.others(kStart), CaughtUpRule::Others::look);
  EXPECT_EQ(rule_.others(kStart + kTimers.others_check_interval - milliseconds(1)),
            CaughtUpRule::Others::wait);
  EXPECT_EQ(rule_.others(kStart + kTimers.others_check_interval), CaughtUpRule::Others::look);
  EXPECT_EQ(rule_.others(kStart + seconds(45) + kTimers.others_are_late), CaughtUpRule::Others::look);
  EXPECT_EQ(rule_.others(kStart + seconds(45) + kTimers.others_are_late + milliseconds(1)),
            CaughtUpRule::Others::expired);
}

TEST_F(CaughtUp, TheWaitForOthersBeginsAgainWhenTheyMove) {
  rule_.begin(kStart);
  rule_.others_moved(kStart + seconds(40));
  EXPECT_EQ(rule_.others(kStart + seconds(60)), CaughtUpRule::Others::look);
  // A new assignment may have brought a part only.
  rule_.assigned(kStart + seconds(60));
  EXPECT_EQ(rule_.others(kStart + seconds(110)), CaughtUpRule::Others::look);
  EXPECT_EQ(rule_.others(kStart + seconds(111)), CaughtUpRule::Others::expired);
}

class Hours : public testing::Test {
 protected:
  const lake::Hour hour_ = lake::parse_hour("2026-02-15T17").value();
  HourSchedule schedule_{kTimers, seconds(60)};
};

TEST_F(Hours, ObjectProvesTheHoursBeforeItsOwnToBeOver) {
  EXPECT_EQ(HourSchedule::over_by_object(UtcMillis(hour_)), hour_ - hours(1));
  EXPECT_EQ(HourSchedule::over_by_object(UtcMillis(hour_ + hours(1)) - milliseconds(1)), hour_ - hours(1));
  EXPECT_EQ(HourSchedule::over_by_object(log::kTimeOfUnreadable), std::nullopt);
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

TEST_F(Hours, AnEndThatIsDurableProvesTheHourToBeOver) {
  EXPECT_TRUE(schedule_.wants_end(0, hour_));
  EXPECT_FALSE(schedule_.over_by_end(0, 100));
  schedule_.ended(0, hour_, 7);
  EXPECT_FALSE(schedule_.wants_end(0, hour_));
  EXPECT_TRUE(schedule_.wants_end(0, hour_ + hours(1)));
  EXPECT_TRUE(schedule_.wants_end(1, hour_));
  EXPECT_FALSE(schedule_.over_by_end(0, 6));
  EXPECT_EQ(schedule_.over_by_end(0, 7), hour_);
  // What came later does not put it off.
  schedule_.ended(0, hour_, 9);
  EXPECT_EQ(schedule_.over_by_end(0, 7), hour_);
  schedule_.ended(0, hour_ + hours(1), 9);
  EXPECT_FALSE(schedule_.over_by_end(0, 8));
  EXPECT_EQ(schedule_.over_by_end(0, 9), hour_ + hours(1));
}

TEST_F(Hours, AreOpenUntilTheyAreClosed) {
  EXPECT_EQ(schedule_.open_hours(0, hour_), 1);
  EXPECT_EQ(schedule_.open_hours(0, hour_ + hours(2)), 3);
  schedule_.closed(0, hour_ + hours(1));
  schedule_.closed(0, hour_);  // came late
  EXPECT_EQ(schedule_.open_hours(0, hour_ + hours(2)), 1);
  schedule_.closed(0, hour_ + hours(2));
  EXPECT_EQ(schedule_.open_hours(0, hour_ + hours(2)), 0);
  EXPECT_EQ(schedule_.open_hours(1, hour_), 1);
}

TEST_F(Hours, TheyAreLookedAtOnceAnInterval) {
  EXPECT_FALSE(schedule_.look(kStart));
  EXPECT_FALSE(schedule_.look(kStart + kTimers.hour_check_interval - milliseconds(1)));
  EXPECT_TRUE(schedule_.look(kStart + kTimers.hour_check_interval));
  EXPECT_FALSE(schedule_.look(kStart + kTimers.hour_check_interval));
}

TEST_F(Hours, FailureIsAskedForAgainAfterTheRetryInterval) {
  EXPECT_FALSE(schedule_.look(kStart));
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
