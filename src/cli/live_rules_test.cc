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

TEST(LiveRules, AFailedRoundIsTriedAgainButNotForEver) {
  for (const ErrorKind kind : {ErrorKind::retry, ErrorKind::unavailable, ErrorKind::violation,
                               ErrorKind::fenced, ErrorKind::cannot_write, ErrorKind::fatal}) {
    EXPECT_EQ(after_failure(kind, 1), AfterFailure::again) << name(kind);
    EXPECT_EQ(after_failure(kind, kFailedRoundsMax - 1), AfterFailure::again) << name(kind);
    EXPECT_EQ(after_failure(kind, kFailedRoundsMax), AfterFailure::end) << name(kind);
  }
}

TEST(LiveRules, WhatOnlyAPersonCanChangeEndsTheLoopAtOnce) {
  EXPECT_EQ(after_failure(ErrorKind::misconfigured, 1), AfterFailure::end);
  EXPECT_EQ(after_failure(ErrorKind::unauthorized, 1), AfterFailure::end);
}

}  // namespace
}  // namespace sdp::cli
