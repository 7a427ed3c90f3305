#include "diag/waiting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <vector>

#include "diag/log.h"

namespace sdp::diag {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Whom something was told of is remembered in the process, so each test waits for others.
class WaitingTest : public testing::Test {
 protected:
  void SetUp() override {
    configure({.format = Format::text,
               .enabled = parse_levels("info").value(),
               .write =
                   [this](std::string_view text) {
                     const std::scoped_lock lock(mutex_);
                     written_.emplace_back(text);
                   },
               .clock = &clock_});
  }
  void TearDown() override { configure({}); }

  SteadyTime at(int ms) const { return start_ + milliseconds(ms); }

  const SteadyTime start_ = base::system_clock().steady_now();
  base::ManualClock clock_{UtcMillis(milliseconds(0))};
  std::mutex mutex_;
  std::vector<std::string> written_;
};

TEST_F(WaitingTest, NothingIsSaidOfAnAnswerThatComesSoon) {
  {
    const Waiting waiting("the bucket", milliseconds(60'000), kPatience, at(0));
    tell_waits(at(999));
  }
  tell_waits(at(5'000));
  EXPECT_THAT(written_, IsEmpty());
}

TEST_F(WaitingTest, AfterASecondItIsSaidWhoIsWaitedForAndForHowLongAtMost) {
  Waiting waiting("Kafka at here:1", milliseconds(10'000), kPatience, at(0));
  waiting.note("Connection refused");
  tell_waits(at(1'000));
  EXPECT_THAT(written_,
              ElementsAre(AllOf(HasSubstr("waiting of=\"Kafka at here:1\""), HasSubstr("seconds=1.0"),
                                HasSubstr("limit_s=10.0: Connection refused"))));
}

TEST_F(WaitingTest, ItIsSaidAgainEachTenSecondsOncePerServer) {
  const Waiting first("the store", milliseconds(60'000), kPatience, at(0));
  const Waiting second("the store", milliseconds(60'000), kPatience, at(0));
  const Waiting third("the log", milliseconds(60'000), kPatience, at(0));
  for (int ms = 0; ms < 21'000; ms += 100) tell_waits(at(ms));
  EXPECT_EQ(written_.size(), 4U);
}

TEST_F(WaitingTest, WhatComesBeginsTheWaitAgain) {
  Waiting waiting("the warehouse", milliseconds(60'000), kPatience, at(0));
  waiting.answered(at(900));
  tell_waits(at(1'800));
  EXPECT_THAT(written_, IsEmpty());
  tell_waits(at(1'900));
  EXPECT_EQ(written_.size(), 1U);
}

}  // namespace
}  // namespace sdp::diag
