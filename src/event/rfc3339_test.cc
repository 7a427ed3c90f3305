#include "event/rfc3339.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

#include "base/utc_time.h"

namespace sdp::event {
namespace {

const UtcMillis kFirst = *base::parse_iso("2000-01-01T00:00:00Z");
const UtcMillis kEnd = *base::parse_iso("2100-01-01T00:00:00Z");

std::string utc(std::string_view text) {
  const auto time = parse_rfc3339(text);
  return time ? base::format_iso(*time) : "none";
}

TEST(Rfc3339, AnyOffsetIsTakenAway) {
  EXPECT_EQ(utc("2026-02-15T17:52:36Z"), "2026-02-15T17:52:36.000Z");
  EXPECT_EQ(utc("2026-02-15t17:52:36.1234567z"), "2026-02-15T17:52:36.123Z");
  EXPECT_EQ(utc("2026-02-15T17:52:36.9+05:45"), "2026-02-15T12:07:36.900Z");
  EXPECT_EQ(utc("2026-02-15T17:52:36-00:00"), "2026-02-15T17:52:36.000Z");
  EXPECT_EQ(utc("2026-03-01T00:00:00+00:01"), "2026-02-28T23:59:00.000Z");
  EXPECT_EQ(utc("2028-02-28T00:01:00-23:59"), "2028-02-29T00:00:00.000Z");
  EXPECT_EQ(utc("2100-01-01T23:58:59.999+23:59"), "2099-12-31T23:59:59.999Z");
}

TEST(Rfc3339, EverythingElseIsRefused) {
  for (const char* text : {"",
                           "Z",
                           "2026-02-15T17:52:36",
                           "2026-02-15 17:52:36Z",
                           "2026-02-15T17:52:36+0200",
                           "2026-02-15T17:52:36+02",
                           "2026-02-15T17:52:36+2:00",
                           "2026-02-15T17:52:36+24:00",
                           "2026-02-15T17:52:36+02:60",
                           "2026-02-15T17:52:36 +02:00",
                           "2026-02-15T17:52:36Z+02:00",
                           "2026-02-15T17:52:36+02:00Z",
                           "2026-02-15T17:52:36+02:00:00",
                           "2026-02-15T17:52:60Z",
                           "2026-02-15T24:00:00Z",
                           "2026-02-15T17:60:00Z",
                           "2026-02-29T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-01-00T00:00:00Z",
                           "2026-04-31T00:00:00Z",
                           "2026-02-15T17:52:36.Z",
                           "2026-02-15T17:52:36,1Z",
                           "2026-02-15T17:52:36.1234567890Z",
                           "02026-02-15T17:52:36Z",
                           "+2026-02-15T17:52:36Z",
                           "2026-2-15T17:52:36Z",
                           "2026-02-15T17:52Z",
                           " 2026-02-15T17:52:36Z",
                           "2026-02-15T17:52:36Z ",
                           "2026-02-15T17:52:36\u221202:00"}) {
    EXPECT_EQ(utc(text), "none") << text;
  }
}

/// `YYYY-MM-DD HH:MM:SS.mmm`, as in the file, whose microseconds end behind the milliseconds.
std::string utc_as_in_the_file(std::string_view text) {
  const auto time = parse_rfc3339(text);
  if (!time || *time < kFirst || *time >= kEnd) return "none";
  std::string shown = base::format_iso(*time).substr(0, 23);
  shown[10] = ' ';
  return shown;
}

TEST(Rfc3339, ReadsWhatSilverAndTheRecountRead) {
  const char* source = std::getenv("SDP_SOURCE_DIR");
  ASSERT_NE(source, nullptr) << "set SDP_SOURCE_DIR to the top folder, or run through ctest";
  std::ifstream file(std::string(source) + "/tests/integration/dbt/timestamps.txt");
  int texts = 0;
  for (std::string line; std::getline(file, line); ++texts) {
    const auto bar = line.find(" | ");
    ASSERT_NE(bar, std::string::npos) << line;
    EXPECT_EQ(utc_as_in_the_file(line.substr(bar + 3)), line.substr(0, std::min<std::size_t>(bar, 23)))
        << line;
  }
  EXPECT_GT(texts, 500);
}

}  // namespace
}  // namespace sdp::event
