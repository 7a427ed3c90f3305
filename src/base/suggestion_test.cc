#include "base/suggestion.h"

#include <gtest/gtest.h>

#include <vector>

namespace sdp::base {
namespace {

const std::vector<std::string> kFlags = {"--events", "--rate", "--topic", "--seed"};

TEST(Suggestion, TheNearestIsMeant) {
  EXPECT_EQ(meant_by("--event", kFlags), "--events");
  EXPECT_EQ(meant_by("--events-max", kFlags), "--events");
  EXPECT_EQ(meant_by("--tpoic", kFlags), "--topic");
  EXPECT_EQ(meant_by("--rates", kFlags), "--rate");
  EXPECT_EQ(meant_by("--sede", kFlags), "--seed");
}

TEST(Suggestion, WhatIsFarFromAllIsNone) {
  EXPECT_EQ(meant_by("--no-such-flag", kFlags), std::nullopt);
  EXPECT_EQ(meant_by("", std::vector<std::string>{}), std::nullopt);
  EXPECT_EQ(meant_by("nonsense", kFlags), std::nullopt);
}

}  // namespace
}  // namespace sdp::base
