#include "report/charts.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace sdp::report {
namespace {

using snapshot::Kind;

snapshot::Snapshot hourly(std::vector<std::vector<snapshot::Cell>> rows) {
  snapshot::Mart mart{.name = "COUNTRY_DEVICE_HOURLY",
                      .description = {},
                      .sql = {},
                      .order_by = "hour desc, country",
                      .columns = {},
                      .rows = std::move(rows)};
  for (const auto& [name, kind] :
       {std::pair{"HOUR", Kind::time}, std::pair{"COUNTRY", Kind::text}, std::pair{"DEVICE_TYPE", Kind::text},
        std::pair{"TOTAL_PLAYS", Kind::number}}) {
    mart.columns.push_back({.name = name, .type = {}, .kind = kind, .description = {}, .profile = {}});
  }
  mart.rows_total = mart.rows.size();
  snapshot::Snapshot all;
  all.marts.push_back(std::move(mart));
  return all;
}

std::string text(const std::vector<Bar>& bars) {
  std::string all;
  for (const Bar& bar : bars) all += fmt::format("{}={} ", bar.label, bar.plays);
  return all;
}

const std::vector<std::vector<snapshot::Cell>> kRows = {{"2026-02-15T12:00:00.000Z", "DE", "web", "4"},
                                                        {"2026-02-15T12:00:00.000Z", "US", "mobile", "5"},
                                                        {"2026-02-15T10:00:00.000Z", "DE", "web", "2"},
                                                        {"2026-02-14T10:00:00.000Z", "IN", "web", "100"}};

TEST(Charts, SumsOfTheLatestHoursWithThePausesBetween) {
  const Hours hours = latest_hours(hourly(kRows), 3);
  EXPECT_EQ(text(hours.by_hour), "2026-02-15 10:00=2 2026-02-15 11:00=0 2026-02-15 12:00=9 ");
  EXPECT_EQ(text(hours.by_country), "DE=6 US=5 ");
  EXPECT_EQ(text(hours.by_device), "web=6 mobile=5 ");
  EXPECT_EQ(hours.plays, 11u);
  EXPECT_FALSE(hours.is_everything);
  EXPECT_TRUE(latest_hours(hourly(kRows), 48).is_everything);
}

TEST(Charts, AShortTimeIsPartOfADay) {
  const Hours hours = latest_hours(hourly({kRows.begin(), kRows.begin() + 3}), 168);
  ASSERT_EQ(hours.by_hour.size(), 24u);
  EXPECT_EQ(hours.by_hour.front().label, "2026-02-14 13:00");
  EXPECT_EQ(hours.by_hour.front().plays, 0u);
  EXPECT_EQ(hours.by_hour.back().plays, 9u);
}

TEST(Charts, AnHourWhoseRowsMayBeCutIsLeftOut) {
  auto snapshot = hourly({kRows.begin(), kRows.begin() + 3});
  snapshot.marts[0].rows_total = 4;
  const Hours hours = latest_hours(snapshot, 48);
  EXPECT_EQ(text(hours.by_hour), "2026-02-15 12:00=9 ");
  EXPECT_FALSE(hours.is_everything);
}

TEST(Charts, RowsThatAreCutInAnotherOrderAreNotSummedUp) {
  auto snapshot = hourly(kRows);
  snapshot.marts[0].rows_total = 5;
  snapshot.marts[0].order_by = "country";
  EXPECT_TRUE(latest_hours(snapshot, 48).by_hour.empty());
}

TEST(Charts, NothingIsNothing) {
  EXPECT_TRUE(latest_hours({}, 48).by_hour.empty());
  EXPECT_TRUE(latest_hours(hourly({}), 48).by_hour.empty());
  EXPECT_TRUE(latest_hours(hourly({{std::nullopt, std::nullopt, "", "x"}}), 48).by_hour.empty());
  EXPECT_TRUE(top_songs({}, 3).empty());
}

}  // namespace
}  // namespace sdp::report
