#include "lake/hour_marker.h"

#include <gtest/gtest.h>

namespace sdp::lake {
namespace {

using std::chrono::hours;

constexpr Hour kHour{hours(491'989)};
const ChainId kChain{*base::parse_uuid("1a2b3c4d-5e6f-4a0b-8c1d-2e3f4a5b6c7d"), 3};

HourMarker marker(log::Partition partition, int partitions, Hour hour = kHour) {
  HourMarker marker;
  marker.topic = "spotify-events";
  marker.chain = {kChain.topic_id, partition};
  marker.partitions = partitions;
  marker.hour = hour;
  marker.range = {10, 30};
  marker.objects = 2;
  marker.records = 20;
  marker.rejected = 1;
  marker.sha256 = std::string(64, 'a');
  return marker;
}

TEST(Hour, IsWrittenAsDateAndHour) {
  EXPECT_EQ(format_hour(kHour), "2026-02-15T13");
  EXPECT_EQ(parse_hour("2026-02-15T13"), kHour);
  for (const std::string_view text :
       {"2026-02-15T24", "2026-02-30T01", "2026-02-15", "2026-02-15T13:00", "2026-02-15 13"})
    EXPECT_FALSE(parse_hour(text)) << text;
  EXPECT_EQ(hour_of(UtcMillis(kHour) + hours(1) - std::chrono::milliseconds(1)), kHour);
}

TEST(HourMarker, ReadsWhatItWrote) {
  const auto read = hour_marker_from_json(to_json(marker(3, 6)));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, marker(3, 6));
  HourMarker listed = marker(3, 6);
  listed.list = {{"bronze/a.json", {listed.range.first, listed.range.first + 1}},
                 {"bronze/b.json", {listed.range.first + 1, listed.range.end}}};
  EXPECT_EQ(hour_marker_from_json(to_json(listed)).value_or(HourMarker{}), listed);
  const ChainBegin begin{kChain, kHour};
  EXPECT_EQ(chain_begin_from_json(to_json(begin)).value_or(ChainBegin{}), begin);
}

TEST(HourMarker, AListHasRangesAndKeys) {
  HourMarker good = marker(3, 6);
  good.list = {{"a", {3, 5}}};
  const std::string text = to_json(good);
  ASSERT_TRUE(hour_marker_from_json(text));
  for (const std::string_view bad : {"[[5,3,\"a\"]]", "[[3,3,\"a\"]]", "[[-1,3,\"a\"]]", "[[3,5]]",
                                     "[[3,5,7]]", "[3,5,\"a\"]", "{}", "[[3,9223372036854775808,\"a\"]]"}) {
    std::string other = text;
    EXPECT_FALSE(hour_marker_from_json(other.replace(text.find("[[3,5"), 11, bad))) << bad;
  }
}

TEST(HourMarker, WhatItDidNotWriteIsBadInput) {
  const std::string good = to_json(marker(3, 6));
  for (const auto& [from, to] :
       {std::pair{"\"version\":1", "\"version\":2"}, std::pair{"\"partition\":3", "\"partition\":6"},
        std::pair{"\"next_offset\":30", "\"next_offset\":9"}, std::pair{"\"rejected\":1", "\"rejected\":21"},
        std::pair{"\"rejected\":1", "\"rejected\":-1"}, std::pair{"T13", "T13:00"},
        std::pair{"\"topic\"", "\"tropic\""}}) {
    std::string bad = good;
    const auto at = bad.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    bad.replace(at, std::string_view(from).size(), to);
    EXPECT_FALSE(hour_marker_from_json(bad)) << bad;
  }
  for (const std::string_view text : {"", "[]", "{}", "null", "{\"version\":1}"}) {
    EXPECT_FALSE(hour_marker_from_json(text)) << text;
    EXPECT_FALSE(chain_begin_from_json(text)) << text;
  }
}

TEST(HourComplete, WantsEveryPartitionThatItsMarkersKnow) {
  std::vector<HourMarker> markers{marker(0, 3), marker(2, 3)};
  EXPECT_FALSE(is_complete(kHour, markers, {}));
  markers.push_back(marker(1, 2));
  EXPECT_TRUE(is_complete(kHour, markers, {}));
  markers.back().hour += hours(1);
  EXPECT_FALSE(is_complete(kHour, markers, {}));
  EXPECT_FALSE(is_complete(kHour, {}, {}));
}

TEST(HourComplete, PartitionThatBeginsLaterIsNotWaitedFor) {
  const std::vector<HourMarker> markers{marker(0, 2)};
  const ChainId other{kChain.topic_id, 1};
  EXPECT_TRUE(is_complete(kHour, markers, std::vector{ChainBegin{other, kHour + hours(1)}}));
  EXPECT_FALSE(is_complete(kHour, markers, std::vector{ChainBegin{other, kHour}}));
}

}  // namespace
}  // namespace sdp::lake
