#include "diag/levels.h"

#include <gtest/gtest.h>

#include "diag/log.h"

namespace sdp::diag {
namespace {

bool is_enabled(std::string_view levels, EventName event) {
  const auto enabled = parse_levels(levels);
  EXPECT_TRUE(enabled) << levels;
  return enabled && (*enabled)[event.index()];
}

TEST(Levels, EventIsWrittenWhenItsLevelIsAtLeastTheWantedOne) {
  EXPECT_TRUE(is_enabled("info", "sink.partition.assigned"));
  EXPECT_FALSE(is_enabled("info", "sink.object.uploaded"));
  EXPECT_TRUE(is_enabled("debug", "sink.object.uploaded"));
  EXPECT_FALSE(is_enabled("warning", "sink.partition.assigned"));
  EXPECT_TRUE(is_enabled("warning", "sink.outage.begun"));
  EXPECT_FALSE(is_enabled("off", "command.failed"));
  EXPECT_TRUE(is_enabled("", "sink.partition.assigned")) << "info is the default";
}

TEST(Levels, LongestPrefixDecidesInWhateverOrder) {
  for (const std::string_view levels :
       {"info,sink=warning,sink.object=debug", "sink.object=debug,sink=warning,info"}) {
    EXPECT_TRUE(is_enabled(levels, "load.finished"));
    EXPECT_FALSE(is_enabled(levels, "sink.partition.assigned"));
    EXPECT_TRUE(is_enabled(levels, "sink.object.uploaded"));
  }
}

TEST(Levels, PrefixEndsAtADot) {
  EXPECT_FALSE(is_enabled("off,sink=debug", "simulate.finished"));
  EXPECT_FALSE(parse_levels("sin=debug"));
  EXPECT_TRUE(is_enabled("off,sink.finished=info", "sink.finished"));
}

TEST(Levels, LaterOneOfTheSamePrefixWins) {
  EXPECT_TRUE(is_enabled("off,debug", "sink.object.uploaded"));
}

TEST(Levels, WhatIsNoLevelIsNamed) {
  for (const std::string_view levels :
       {"loud", "info,sink", "sink=loud", "=info", "info,,debug", "nobody=info"}) {
    const auto enabled = parse_levels(levels);
    ASSERT_FALSE(enabled) << levels;
    EXPECT_EQ(enabled.error().kind, ErrorKind::misconfigured);
    EXPECT_NE(enabled.error().message.find("log level: '"), std::string::npos) << enabled.error().message;
  }
}

}  // namespace
}  // namespace sdp::diag
