#include "report/report.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "report/grid.h"

namespace sdp::report {
namespace {

using snapshot::Kind;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kAttack = "</title></style><script>alert(1)</script><img src=x onerror=alert(2)>";

snapshot::Mart songs(std::size_t rows, const std::string& name) {
  snapshot::Mart mart{
      .name = "TOP_SONGS",
      .description = "Songs.",
      .sql = "SELECT * FROM SPOTIFY_DB.MART.TOP_SONGS;",
      .order_by = "total_plays DESC",
      .columns =
          {{.name = "SONG_NAME",
            .type = "VARCHAR",
            .kind = Kind::text,
            .description = "Title.",
            .profile = {}},
           {.name = "TOTAL_PLAYS", .type = "BIGINT", .kind = Kind::number, .description = {}, .profile = {}}},
      .rows = {}};
  for (std::size_t at = 0; at < rows; ++at) mart.rows.push_back({name, std::to_string(1234 + at)});
  mart.rows_total = rows;
  mart.columns[0].profile = {
      .nulls = 0, .distinct = 1, .min = name, .max = name, .top = {{name, rows}}, .histogram = {}};
  return mart;
}

snapshot::Snapshot with(snapshot::Mart mart) {
  snapshot::Snapshot all;
  all.freshness.as_of = "2026-02-15T17:52:36.123Z";
  all.marts.push_back(std::move(mart));
  return all;
}

Facts proved(bool proved) {
  Facts facts;
  facts.proof = snapshot::Proof{.snapshot = "id",
                                .at = "2026-02-15T17:52:40.000Z",
                                .proved = proved,
                                .verdict = proved ? "proved: 10 offsets" : "NOT proved: 3 problems",
                                .stages = {{.stage = "lake",
                                            .looked_at = true,
                                            .records = 10,
                                            .groups = 2,
                                            .groups_are = "objects",
                                            .pending = 0,
                                            .problems = proved ? 0u : 3u},
                                           {.stage = "log", .groups_are = {}}},
                                .findings = {},
                                .notes = {}};
  if (!proved)
    facts.proof->findings.push_back(
        {.stage = "lake", .kind = "missing", .pending = false, .total = 3, .named = {"p0 <b>"}});
  return facts;
}

TEST(Report, ShowsTheWorksheet) {
  const std::string page = to_html(with(songs(2, "Song")), {});
  EXPECT_THAT(page, HasSubstr("SELECT * FROM SPOTIFY_DB.MART.TOP_SONGS;"));
  EXPECT_THAT(page, HasSubstr("<caption>2 rows, 1 ms</caption>"));
  EXPECT_THAT(page, HasSubstr("<tr><td>Song</td><td>1,234</td></tr>"));
  EXPECT_THAT(page, HasSubstr("<bdi>Song</bdi> 100 %"));
  EXPECT_THAT(page, HasSubstr("as of 2026-02-15 17:52:36 UTC"));
}

TEST(Report, SaysWhetherItIsProved) {
  const auto snapshot = with(songs(2, "Song"));
  EXPECT_THAT(to_html(snapshot, {}), HasSubstr(">Not verified<"));
  const std::string good = to_html(snapshot, proved(true));
  EXPECT_THAT(good, HasSubstr("badge good\">Proved<"));
  EXPECT_THAT(good, HasSubstr("proved: 10 offsets"));
  Facts partly = proved(true);
  partly.proof->notes = {"6 tables were not looked at"};
  const std::string noted = to_html(snapshot, partly);
  EXPECT_LT(noted.find("Note: 6 tables were not looked at"), noted.find("<nav"));
  const std::string bad = to_html(snapshot, proved(false));
  EXPECT_THAT(bad, HasSubstr("badge bad\">Not proved<"));
  EXPECT_THAT(bad, HasSubstr("NOT proved: 3 problems"));
  EXPECT_THAT(bad, HasSubstr("<li>p0 &lt;b&gt;</li>"));
}

TEST(Report, WhatComesFromOutsideIsText) {
  const std::string attack(kAttack);
  auto snapshot = with(songs(3, attack));
  snapshot.marts[0].description = attack;
  snapshot.marts[0].sql = attack;
  snapshot.marts[0].columns[0].name = attack;
  snapshot.marts[0].columns[0].description = "\" onmouseover=\"alert(3)";
  snapshot.warehouse = snapshot.writer = snapshot.id = attack;
  snapshot.rejected.push_back({attack, attack, attack, 1, attack});
  snapshot.dbt = transform::BuildResults{.started_at = attack,
                                         .seconds = 1,
                                         .nodes = {{.name = attack,
                                                    .kind = attack,
                                                    .status = attack,
                                                    .message = attack,
                                                    .failures = {},
                                                    .started_at = attack}}};
  Facts facts = proved(false);
  facts.proof->verdict = facts.proof->at = facts.lake = attack;
  facts.stages.push_back({attack, 1, 1, attack});
  const std::string page = to_html(snapshot, facts);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("\" onmouseover")));
  EXPECT_EQ(page.find("</title>"), page.rfind("</title>"));
  EXPECT_EQ(page.find("</style>"), page.rfind("</style>"));
}

TEST(Report, LongTextsAreCutAndSaySo) {
  const std::string page = to_html(with(songs(1, std::string(10'000, 'x'))), {});
  EXPECT_LT(page.size(), 60'000u);
  EXPECT_THAT(page, HasSubstr("<td><span title=\"xxx"));
  EXPECT_THAT(page, HasSubstr("x…</span></td>"));
}

TEST(Report, RowsAreCutUntilThePageFits) {
  auto snapshot = with(songs(500, std::string(70, '<')));
  const std::string page = to_html(snapshot, {}, {.bytes = 60'000, .worksheet_rows = 500, .other_rows = 200});
  EXPECT_LE(page.size(), 60'000u);
  EXPECT_THAT(page, HasSubstr("<caption>first 125 of 500 rows, 1 ms</caption>"));
  EXPECT_THAT(to_html(snapshot, {}), HasSubstr("<caption>500 rows, 1 ms</caption>"));
}

TEST(Report, MartsThatDoNotFitAreCounted) {
  snapshot::Snapshot snapshot;
  for (int at = 0; at < 100; ++at) {
    snapshot.marts.push_back(songs(3, "x"));
    snapshot.marts.back().name = fmt::format("MART_{}", at);
  }
  EXPECT_THAT(to_html(snapshot, {}), HasSubstr("60 more marts do not fit into this page"));
  const std::string page = to_html(snapshot, {}, {.bytes = 30'000, .worksheet_rows = 9, .other_rows = 9});
  EXPECT_LE(page.size(), 30'000u);
  EXPECT_THAT(page, HasSubstr("more marts do not fit into this page"));
}

TEST(Report, EmptyMartsAndNoMartsArePages) {
  EXPECT_THAT(to_html({}, {}), HasSubstr("The warehouse has no MART.TOP_SONGS"));
  EXPECT_THAT(to_html(with(songs(0, "x")), {}), HasSubstr("It has no row yet"));
}

TEST(Report, NullsAndNumbersAreShownAsTheyAre) {
  auto mart = songs(0, "x");
  mart.rows = {{std::nullopt, "170141183460469231731687303715884105727"},
               {"", "-9223372036854775808"},
               {"", "0.3333333333333333"},
               {"", "0.5000"},
               {"", "1e300"},
               {"", "nan"},
               {"", "-"}};
  mart.rows_total = mart.rows.size();
  const std::string html = grid(mart, "id", 100);
  EXPECT_THAT(
      html,
      HasSubstr("<td class=\"null\">NULL</td><td>170,141,183,460,469,231,731,687,303,715,884,105,727</td>"));
  EXPECT_THAT(html, HasSubstr("<td></td><td>-9,223,372,036,854,775,808</td>"));
  EXPECT_THAT(html, HasSubstr("<td><data value=\"0.3333333333333333\">0.3333</data></td>"));
  EXPECT_THAT(html, HasSubstr("<td>0.5000</td>"));
  EXPECT_THAT(html, HasSubstr("<td><data value=\"1e300\">1e+300</data></td>"));
  EXPECT_THAT(html, HasSubstr("<td>nan</td>"));
  EXPECT_THAT(html, HasSubstr("<td>-</td>"));
}

TEST(Report, YearsAreNames) {
  snapshot::Mart mart = songs(2, "Song");
  mart.columns[1].name = "YEAR";
  mart.rows = {{"Song", "2025"}, {"Song", "2026"}};
  mart.columns[1].profile = {.nulls = 0,
                             .distinct = 2,
                             .min = "2025",
                             .max = "2026",
                             .top = {{"2025", 1}, {"2026", 1}},
                             .histogram = {}};
  const std::string page = to_html(with(mart), {});
  EXPECT_THAT(page, HasSubstr("<tr><td>Song</td><td>2026</td></tr>"));
  EXPECT_THAT(page, HasSubstr("<bdi>2025</bdi> 50.0 %"));
  EXPECT_THAT(page, Not(HasSubstr("2,02")));
}

TEST(Report, SharesAreNeverRoundedToNothingOrAll) {
  EXPECT_EQ(percent(1, 10'000), "&lt; 0.1 %");
  EXPECT_EQ(percent(9'999, 10'000), "99.9 %");
  EXPECT_EQ(percent(0, 10), "0.0 %");
  EXPECT_EQ(percent(10, 10), "100 %");
  EXPECT_EQ(percent(0, 0), "0 %");
  EXPECT_EQ(percent(205, 1000), "20.5 %");
}

}  // namespace
}  // namespace sdp::report
