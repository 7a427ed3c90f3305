#include "lake/places.h"

#include <gtest/gtest.h>

#include "lake/object_key.h"

namespace sdp::lake {
namespace {

const ChainId kChain{*base::parse_uuid("1a2b3c4d-5e6f-4a0b-8c1d-2e3f4a5b6c7d"), 3};
const Hour kHour = parse_hour("2026-02-15T17").value_or(Hour());

TEST(Places, OfLayout1StayWhereTheyWere) {
  const Places places(1);
  EXPECT_EQ(places.layout_key(), "bronze/_lake.json");
  EXPECT_EQ(places.probe_key(), "bronze/_probe");
  EXPECT_EQ(places.gap_key(kChain, 10), "bronze/_gaps/t1a2b3c4d_p3_o00000000000000000010.json");
  EXPECT_EQ(places.begin_key(kChain), "bronze/_closed/begin/t1a2b3c4d_p3.json");
  EXPECT_EQ(places.marker_key(kChain, kHour), "bronze/_closed/date=2026-02-15/hour=17/t1a2b3c4d_p3.json");
}

TEST(Places, OfLayout2LeaveTheEventsAlone) {
  const Places places(2);
  EXPECT_EQ(places.layout_key(), "_pipeline/lake.json");
  EXPECT_EQ(places.probe_key(), "_pipeline/probe");
  EXPECT_EQ(places.gap_key(kChain, 10), "_pipeline/gaps/t1a2b3c4d_p3_o00000000000000000010.json");
  EXPECT_EQ(places.begin_key(kChain), "_pipeline/hours/begin/t1a2b3c4d_p3.json");
  EXPECT_EQ(places.marker_key(kChain, kHour), "_pipeline/hours/date=2026-02-15/hour=17/t1a2b3c4d_p3.json");
  EXPECT_EQ(places.head_key(kChain), "_pipeline/heads/1a2b3c4d-5e6f-4a0b-8c1d-2e3f4a5b6c7d/p3");
}

TEST(Places, AMarkersNameIsReadAsItIsWritten) {
  for (const int version : {1, 2}) {
    const Places places(version);
    const std::string key = places.marker_key(kChain, kHour);
    EXPECT_EQ(places.parse_marker_key(key), (MarkerName{kHour, "1a2b3c4d", 3}));
    EXPECT_FALSE(Places(3 - version).parse_marker_key(key));
    for (const char* const other : {
             "begin/t1a2b3c4d_p3.json",
             "date=2026-02-15/hour=17/",
             "date=2026-02-15/hour=17/t1a2b3c4d_p3",
             "date=2026-02-15/hour=17/t1a2b3c4d_p3.json.bak",
             "date=2026-02-15/hour=17/t1a2b3c4d_p-3.json",
             "date=2026-02-15/hour=17/t1a2b3c4d_p03.json",
             "date=2026-02-15/hour=17/t1a2b3c4d_p99999999999.json",
             "date=2026-02-15/hour=17/t1a2b3c4_p3.json",
             "date=2026-02-15/hour=24/t1a2b3c4d_p3.json",
             "date=2026-02-30/hour=17/t1a2b3c4d_p3.json",
             "date=2026-02-15/hour=17/hour=18/t1a2b3c4d_p3.json",
         }) {
      EXPECT_FALSE(places.parse_marker_key(std::string(places.hours_prefix()) + other)) << other;
    }
  }
}

TEST(Places, OnlyLayout1DrawsInTimesThatTellNoHour) {
  for (const std::int64_t ms : {std::int64_t{-1}, std::int64_t{1'771'177'956'123'000}}) {
    const UtcMillis time{std::chrono::milliseconds(ms)};
    EXPECT_TRUE(has_time(Places(1).filing_time(time))) << ms;
    EXPECT_EQ(Places(2).filing_time(time), time) << ms;
    EXPECT_TRUE(format_key({Places(2).filing_time(time), "1a2b3c4d", 3, 42, Compression::none})
                    .starts_with(kUntimedPrefix));
  }
}

}  // namespace
}  // namespace sdp::lake
