#include "base/utc_time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sdp::base {
namespace {

TEST(UtcTime, ReadsAndWritesTheSeedsExample) {
  const auto time = parse_iso("2026-02-15T17:52:36.123Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(format_iso(*time), "2026-02-15T17:52:36.123Z");
  EXPECT_EQ(format_name_time(*time), "2026-02-15T17-52-36");
  EXPECT_EQ(format_date(*time), "2026-02-15");
  EXPECT_EQ(format_hour(*time), "17");
}

TEST(UtcTime, FractionsAreCutToMilliseconds) {
  EXPECT_EQ(format_iso(*parse_iso("2026-02-15T17:52:36Z")), "2026-02-15T17:52:36.000Z");
  EXPECT_EQ(format_iso(*parse_iso("2026-02-15T17:52:36.1Z")), "2026-02-15T17:52:36.100Z");
  EXPECT_EQ(format_iso(*parse_iso("2026-02-15T17:52:36.123999+00:00")), "2026-02-15T17:52:36.123Z");
}

TEST(UtcTime, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2026-02-30T00:00:00Z", "2025-02-29T00:00:00Z", "2026-02-15 17:52:36Z", "2026-02-15T24:00:00Z",
        "2026-02-15T17:60:00Z", "2026-12-31T23:59:60Z", "2026-02-15T17:52:36", "2026-02-15T17:52:36.Z",
        "2026-02-15T17:52:36+01:00", "2026-02-15T17:52:36.1234567890Z", "2026-13-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_iso(text)) << text;
  }
}

RC_GTEST_PROP(UtcTime, ComesBackTheSame, ()) {
  const UtcMillis time{std::chrono::milliseconds(*rc::gen::inRange<std::int64_t>(0, 253'402'300'799'999))};
  RC_ASSERT(parse_iso(format_iso(time)) == time);
}

}  // namespace
}  // namespace sdp::base
