#include "cli/live_rules.h"

#include <gtest/gtest.h>

#include <chrono>

namespace sdp::cli {
namespace {

using namespace std::chrono_literals;

TEST(LiveRules, WithoutACheaperRoundTheLoopRestsAsLongAsARoundTook) {
  EXPECT_EQ(rest_after(7s, {}), 7s);
  EXPECT_EQ(rest_after(0ms, {}), 1s) << "a round without news costs next to nothing";
  EXPECT_EQ(rest_after(10min, {}), 1min) << "new events are not left for longer";
}

TEST(LiveRules, ARoundThatBroughtMuchIsNoReasonToRestLonger) {
  EXPECT_EQ(rest_after(30s, 20s), 5s);
  EXPECT_EQ(rest_after(30s, 3s), 1s);
  EXPECT_EQ(rest_after(2s, 20s), 2s) << "it had nothing to build";
  EXPECT_EQ(rest_after(10min, 5min), 1min);
}

TEST(LiveRules, ARoundBeginsNoSoonerThanWasAskedFor) {
  EXPECT_EQ(rest_after(7s, 20s, 15min), 15min - 7s);
  EXPECT_EQ(rest_after(0ms, {}, 10s), 10s);
  EXPECT_EQ(rest_after(30s, 20s, 10s), 5s) << "it took longer than that";
}

TEST(LiveRules, AFailedRoundIsTriedAgainButNotForEver) {
  for (const ErrorKind kind : {ErrorKind::retry, ErrorKind::unavailable, ErrorKind::violation,
                               ErrorKind::cannot_write, ErrorKind::fatal}) {
    EXPECT_EQ(after_failure(kind, 1, 0s), AfterFailure::again) << name(kind);
    EXPECT_EQ(after_failure(kind, kFailedRoundsMax - 1, 0s), AfterFailure::again) << name(kind);
    EXPECT_EQ(after_failure(kind, kFailedRoundsMax, 0s), AfterFailure::end) << name(kind);
  }
}

TEST(LiveRules, AnotherProcessIsWaitedForAndNotForEver) {
  EXPECT_EQ(after_failure(ErrorKind::fenced, 1, 0s), AfterFailure::wait);
  EXPECT_EQ(after_failure(ErrorKind::fenced, kFailedRoundsMax, 0s), AfterFailure::wait)
      << "what failed before is not its fault";
  EXPECT_EQ(after_failure(ErrorKind::fenced, 1, kHeldMax - 1ms), AfterFailure::wait);
  EXPECT_EQ(after_failure(ErrorKind::fenced, 1, kHeldMax), AfterFailure::end);
}

TEST(LiveRules, WhatOnlyAPersonCanChangeEndsTheLoopAtOnce) {
  EXPECT_EQ(after_failure(ErrorKind::misconfigured, 1, 0s), AfterFailure::end);
  EXPECT_EQ(after_failure(ErrorKind::unauthorized, 1, 0s), AfterFailure::end);
}

}  // namespace
}  // namespace sdp::cli
