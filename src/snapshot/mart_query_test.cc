#include "snapshot/mart_query.h"

#include <gtest/gtest.h>

namespace sdp::snapshot {
namespace {

TEST(MartQuery, KindsAreThoseOfEveryWarehouse) {
  for (const char* type : {"BIGINT", "NUMBER", "DECIMAL(38,0)", "DOUBLE", "FLOAT", "HUGEINT", "integer"})
    EXPECT_EQ(kind_of(type), Kind::number) << type;
  for (const char* type : {"TIMESTAMP", "TIMESTAMP_NTZ", "TIMESTAMP WITH TIME ZONE"})
    EXPECT_EQ(kind_of(type), Kind::time) << type;
  EXPECT_EQ(kind_of("DATE"), Kind::date);
  EXPECT_EQ(kind_of("BOOLEAN"), Kind::boolean);
  for (const char* type : {"VARCHAR", "TEXT", "JSON", "INTEGER[]", "STRUCT(a INTEGER)", ""})
    EXPECT_EQ(kind_of(type), Kind::text) << type;
}

/// What `run` makes unless it is told otherwise: then no page shows only a part of it.
TEST(MartQuery, FourWeeksOfHoursArePublishedWhole) {
  constexpr std::size_t kHours = 28 * 24 + 1, kCountries = 5, kDevices = 3;
  EXPECT_GE(Limits{}.rows, kHours * kCountries * kDevices);
}

TEST(MartQuery, TextIsCutBetweenCharacters) {
  EXPECT_EQ(cut_text("äää", 6), "äää");
  EXPECT_EQ(cut_text("ääää", 7), "ää…");
  EXPECT_EQ(cut_text("ääää", 6), "ä…");
  EXPECT_EQ(cut_text("abc", 2), "…");
}

TEST(MartQuery, ATimeIsItsMilliseconds) {
  bool cut = false;
  EXPECT_EQ(kept_cell("1771177956123", Kind::time, 100, cut), "2026-02-15T17:52:36.123Z");
  EXPECT_EQ(kept_cell("-1", Kind::time, 100, cut), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(kept_cell("infinity", Kind::time, 100, cut), "infinity");
  EXPECT_EQ(kept_cell("9223372036854775807", Kind::time, 100, cut), "9223372036854775807");
  EXPECT_FALSE(cut);
  EXPECT_EQ(kept_cell("abcdef", Kind::text, 5, cut), "ab…");
  EXPECT_TRUE(cut);
}

Mart two_columns() {
  Mart mart;
  mart.name = "M";
  mart.columns = {{.name = "A", .type = "VARCHAR", .kind = Kind::text, .description = {}, .profile = {}},
                  {.name = "N", .type = "BIGINT", .kind = Kind::number, .description = {}, .profile = {}}};
  return mart;
}

TEST(MartQuery, AProfileIsReadInAnyOrderOfRows) {
  Mart mart = two_columns();
  read_profile({.columns = {},
                .rows = {{"1", "bin", "11", std::nullopt, "2"},
                         {"0", "value", "b", std::nullopt, "3"},
                         {"0", "value", "a", std::nullopt, "3"},
                         {"1", "value", "10", std::nullopt, "1"},
                         {"1", "value", "9", std::nullopt, "1"},
                         {"0", "value", "c", std::nullopt, "4"},
                         {"1", "range", "0", "24", "0"},
                         {"0", "counts", "7", "3", "0"},
                         {"1", "bin", "0", std::nullopt, "5"},
                         {"1", "bin", "99", std::nullopt, "5"},
                         {"77", "counts", "1", "1", "0"},
                         {"0", "rows", std::nullopt, std::nullopt, "17"}}},
               mart);
  EXPECT_EQ(mart.rows_total, 17u);
  const Profile& text = mart.columns[0].profile;
  EXPECT_EQ(text.nulls, 7u);
  EXPECT_EQ(text.distinct, 3u);
  ASSERT_EQ(text.top.size(), 3u);
  EXPECT_EQ(text.top[0].value + text.top[1].value + text.top[2].value, "cab");
  const Profile& number = mart.columns[1].profile;
  EXPECT_EQ(number.top[0].value, "9");  // as numbers, not as texts
  ASSERT_EQ(number.histogram.size(), kBins);
  EXPECT_EQ(number.histogram[0].rows, 5u);
  EXPECT_EQ(number.histogram[0].to, 2);
  EXPECT_EQ(number.histogram[11].rows, 2u);
  EXPECT_EQ(number.histogram[11].to, 24);
}

TEST(MartQuery, NumbersThatAreAllTheSameHaveNoHistogram) {
  Mart mart = two_columns();
  read_profile({.columns = {}, .rows = {{"1", "range", "5", "5", "0"}}}, mart);
  EXPECT_TRUE(mart.columns[1].profile.histogram.empty());
}

}  // namespace
}  // namespace sdp::snapshot
