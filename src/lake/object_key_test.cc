#include "lake/object_key.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/utc_time.h"
#include "lake/places.h"

namespace sdp::lake {
namespace {

UtcMillis at(std::string_view iso) {
  return *base::parse_iso(iso);
}

const ObjectKey kExample{.first_timestamp = at("2026-02-15T17:52:36Z"),
                         .topic_id_short = "1a2b3c4d",
                         .partition = 3,
                         .first = 42,
                         .compression = Compression::zstd};
constexpr std::string_view kExampleText =
    "bronze/date=2026-02-15/hour=17/"
    "spotify_events_2026-02-15T17-52-36_t1a2b3c4d_p3_o00000000000000000042.json.zst";

TEST(ObjectKey, IsWrittenToTheLetter) {
  EXPECT_EQ(format_key(kExample), kExampleText);
  ObjectKey key = kExample;
  key.compression = Compression::none;
  EXPECT_TRUE(format_key(key).ends_with("_o00000000000000000042.json"));
  key.compression = Compression::gzip;
  EXPECT_TRUE(format_key(key).ends_with("_o00000000000000000042.json.gz"));
}

TEST(ObjectKey, NamesTheSecondInWhichTheFirstRecordCame) {
  ObjectKey key = kExample;
  key.first_timestamp += std::chrono::milliseconds(999);
  EXPECT_EQ(format_key(key), kExampleText);
}

TEST(ObjectKey, HasAPlaceForTimesThatTellNoHour) {
  ObjectKey key = kExample;
  for (const std::int64_t none :
       {std::int64_t{-1}, std::numeric_limits<std::int64_t>::min(), std::int64_t{253'402'300'800'000},
        std::numeric_limits<std::int64_t>::max()}) {
    key.first_timestamp = UtcMillis(std::chrono::milliseconds(none));
    EXPECT_EQ(format_key(key),
              "bronze/date=__HIVE_DEFAULT_PARTITION__/hour=__HIVE_DEFAULT_PARTITION__/"
              "spotify_events_untimed_t1a2b3c4d_p3_o00000000000000000042.json.zst");
    EXPECT_EQ(parse_key(format_key(key))->first_timestamp, kNoTime);
  }
  for (const std::int64_t edge : {std::int64_t{0}, std::int64_t{253'402'300'799'999}})
    EXPECT_TRUE(has_time(UtcMillis(std::chrono::milliseconds(edge)))) << edge;
}

TEST(ObjectKey, ShortIdIsTheFirstEightDigits) {
  EXPECT_EQ(short_id(*base::parse_uuid("1a2b3c4d-5e6f-4a0b-8c1d-2e3f4a5b6c7d")), "1a2b3c4d");
}

TEST(ObjectKey, KeysOfOneSecondSortByOffset) {
  ObjectKey later = kExample;
  later.first = 1'000'000'000'000;
  EXPECT_LT(format_key(kExample), format_key(later));
}

TEST(ObjectKey, ReadsWhatItWrites) {
  EXPECT_EQ(parse_key(kExampleText), kExample);
}

TEST(ObjectKey, RefusesNamesThatItDoesNotWrite) {
  const auto with = [](std::string_view part, std::string_view other) {
    std::string text(kExampleText);
    const auto found = text.find(part);
    EXPECT_NE(found, std::string::npos) << part;
    return text.replace(found, part.size(), other);
  };
  for (const std::string& text : {std::string(),
                                  std::string("bronze/"),
                                  std::string(Places(1).layout_key()),
                                  std::string(Places(1).probe_key()),
                                  with("bronze/", "silver/"),
                                  with("bronze/", "/bronze/"),
                                  with("bronze/", "x/bronze/"),
                                  with("date=2026-02-15", "date=2026-02-16"),
                                  with("hour=17", "hour=18"),
                                  with("hour=17", "hour=7"),
                                  with("T17-52-36", "T17:52:36"),
                                  with("T17-52-36", "T17-52-61"),
                                  with("_t1a2b3c4d", "_t1A2b3c4d"),
                                  with("_t1a2b3c4d", "_t1a2b3c4"),
                                  with("_t1a2b3c4d", "_t1a2b3c4g"),
                                  with("_p3", "_p03"),
                                  with("_p3", "_p-3"),
                                  with("_p3", "_p+3"),
                                  with("_p3", "_p99999999999"),
                                  with("_p3", "_p"),
                                  with("_o00000000000000000042", "_o42"),
                                  with("_o00000000000000000042", "_o-0000000000000000042"),
                                  with("_o00000000000000000042", "_o99999999999999999999"),
                                  with(".json.zst", ".json.bz2"),
                                  with(".json.zst", ".zst"),
                                  with(".json.zst", ".json.zst "),
                                  with(".json.zst", ".json.zst/"),
                                  with("spotify_events", "events")}) {
    EXPECT_FALSE(parse_key(text)) << text;
  }
}

RC_GTEST_PROP(ObjectKeyProperty, EveryKeyIsReadBack, (std::uint32_t id, std::int64_t millis)) {
  const ObjectKey key{
      .first_timestamp = UtcMillis(std::chrono::milliseconds(millis)),
      .topic_id_short = fmt::format("{:08x}", id),
      .partition = *rc::gen::nonNegative<std::int32_t>(),
      .first = *rc::gen::nonNegative<std::int64_t>(),
      .compression = *rc::gen::element(Compression::none, Compression::gzip, Compression::zstd)};
  ObjectKey expected = key;
  expected.first_timestamp =
      has_time(key.first_timestamp) ? std::chrono::floor<std::chrono::seconds>(key.first_timestamp) : kNoTime;
  RC_ASSERT(parse_key(format_key(key)) == expected);
  RC_ASSERT(format_key(key).starts_with(hour_prefix(key.first_timestamp)));
}

RC_GTEST_PROP(ObjectKeyProperty, AKeyWithOneByteChangedIsNotTheSameKey, ()) {
  std::string text(kExampleText);
  text[*rc::gen::inRange<std::size_t>(0, text.size())] = *rc::gen::character<char>();
  RC_PRE(text != kExampleText);
  RC_ASSERT(parse_key(text) != kExample);
}

}  // namespace
}  // namespace sdp::lake
