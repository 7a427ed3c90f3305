#include "simulate/oracle.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <ranges>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/sha256.h"
#include "base/utc_time.h"
#include "simulate/event_source.h"
#include "simulate/oracle_file.h"
#include "simulate/oracle_marts.h"
#include "simulate/oracle_run.h"

namespace sdp::simulate {
namespace {

using event::DeviceType;
using event::EventType;
using event::ListeningEvent;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto kPlay = EventType::play;
constexpr auto kPause = EventType::pause;
constexpr auto kSkip = EventType::skip;
constexpr auto kAdd = EventType::add_to_playlist;

/// Listeners, songs: 00000000-0000-0000-0000-00000000000N.
Uuid id_of(int number) {
  return *base::parse_uuid(fmt::format("00000000-0000-0000-0000-{:012}", number));
}

struct Event {
  EventType type = kPlay;
  std::string_view time = "2026-02-15T12:00:00Z";
  int listener = 1;
  int song = 1;
  std::optional<std::int64_t> position = {};
  std::optional<std::int64_t> duration = {};
  std::optional<std::string> session = {};
  std::string_view artist = "Drake";
  std::string_view name = "God's Plan";
  DeviceType device = DeviceType::mobile;
  std::string_view country = "IN";
};

ListeningEvent made(const Event& event) {
  return {.event_type = event.type,
          .user_id = id_of(event.listener),
          .song_id = id_of(event.song),
          .song_name = std::string(event.name),
          .artist_name = std::string(event.artist),
          .device_type = event.device,
          .country = {{event.country[0], event.country[1]}},
          .timestamp = *base::parse_iso(event.time),
          .session_id = event.session,
          .position_ms = event.position,
          .duration_ms = event.duration};
}

const NewestRecord kLater{*base::parse_iso("2027-01-01T00:00:00Z"), *base::parse_iso("2027-01-01T00:00:00Z")};

std::string text_of(const Oracle& oracle, const std::vector<OracleRun>& runs = {},
                    const NewestRecord& newest = kLater) {
  std::string text;
  const auto written = write_oracle(oracle, runs, newest, [&](std::string_view piece) {
    text += piece;
    return Result<void>();
  });
  EXPECT_TRUE(written) << written.error().message;
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// The rows of a table, without their brackets.
std::vector<std::string> rows(const Oracle& oracle, std::string_view table,
                              const NewestRecord& newest = kLater) {
  std::vector<std::string> found;
  bool here = false;
  for (const std::string& line : lines_of(text_of(oracle, {}, newest))) {
    if (line.starts_with('{')) {
      here = line.starts_with(fmt::format("{{\"table\":\"MART.{}\"", table));
    } else if (here) {
      found.push_back(line.substr(1, line.size() - 2));
    }
  }
  return found;
}

Oracle told(const std::vector<Event>& events) {
  Oracle oracle;
  for (const Event& event : events) oracle.add(made(event));
  return oracle;
}

/// streams, completions and heard_ms of the only song.
std::string heard(const std::vector<Event>& events) {
  const Marts marts = *count_marts(told(events), kLater);
  const Totals& totals = marts.listening_years.front().totals;
  return fmt::format("{} streams, {} completions, {} ms", totals.streams, totals.completions,
                     totals.heard_ms);
}

TEST(Oracle, BeginsWithWhatItCounted) {
  Oracle oracle = told({{.type = kPlay, .time = "2026-02-15T12:00:00Z"},
                        {.type = kSkip, .time = "2026-02-15T09:59:59Z"},
                        {.type = kPlay, .time = "2026-02-15T11:59:59Z"}});
  oracle.add_duplicate(made({}));
  oracle.add_rejected("bad_uuid", "user_id");
  oracle.add_rejected("not_json", "");
  oracle.add_rejected("bad_uuid", "user_id");
  const auto lines = lines_of(text_of(oracle));
  EXPECT_THAT(
      std::vector(lines.begin(), lines.begin() + 6),
      ElementsAre(
          R"({"oracle":2})",
          R"({"counts":{"kept":3,"kept_by_type":{"play":2,"pause":0,"skip":1,"add_to_playlist":0},"duplicates":1,"rejected":3}})",
          R"({"rejected":{"reason":"bad_uuid","field":"user_id","records":2}})",
          R"({"rejected":{"reason":"not_json","field":null,"records":1}})",
          R"({"late":{"hours":0,"events":1}})", R"({"late":{"hours":2,"events":1}})"));
  std::string before;
  for (auto line = lines.begin(); line != std::prev(lines.end()); ++line) before += *line + "\n";
  EXPECT_EQ(lines.back(),
            fmt::format(R"({{"end":{{"tables":14,"sha256":"{}"}}}})", base::sha256_hex(before)));
  EXPECT_THAT(rows(oracle, "PIPELINE_HOURS"), ElementsAre("7,7,3,1,1,2"));
}

TEST(Oracle, ATableSaysWhatItTells) {
  const auto lines = lines_of(text_of(told({{}})));
  EXPECT_THAT(
      lines,
      testing::Contains(
          R"({"table":"MART.LISTENER_HISTORY","which":"current","key":["user_id"],"columns":["user_id","country","device_type"],"types":["VARCHAR","VARCHAR","VARCHAR"],"untold":["seen_at","dbt_scd_id","dbt_updated_at","dbt_valid_from","dbt_valid_to"],"rows":1})"));
  EXPECT_THAT(
      lines,
      testing::Contains(
          R"({"table":"MART.PIPELINE_HOURS","which":"sums","key":[],"columns":["records_expected","records","kept","duplicates","rejected_by_sink","rejected_by_silver"],"types":["BIGINT","BIGINT","BIGINT","BIGINT","BIGINT","BIGINT"],"untold":["day","hour","objects","skewed_events","lateness_ms_max","is_complete"],"rows":1})"));
  // Every other line is a row.
  EXPECT_EQ(
      std::ranges::count_if(lines, [](const std::string& line) { return line.starts_with("{\"table\""); }),
      14);
}

TEST(Oracle, WithoutEventsMartsAreEmpty) {
  for (const std::string& line : lines_of(text_of(Oracle()))) {
    EXPECT_TRUE(line.starts_with('{') || line == "[0,0,0,0,0,0]") << line;
  }
}

TEST(Oracle, WhatIsHeardEndsWithTheNextEventOfTheSession) {
  const Event play{.time = "2026-02-15T12:00:00Z", .duration = 200'000};
  const auto ended_by = [&](const Event& end) { return heard({play, end}); };
  // By a pause or skip of the same song, where it says.
  EXPECT_EQ(ended_by({.type = kSkip, .time = "2026-02-15T12:01:00Z", .position = 50'000}),
            "1 streams, 0 completions, 50000 ms");
  EXPECT_EQ(ended_by({.type = kPause, .time = "2026-02-15T12:01:00Z", .position = 50'000}),
            "1 streams, 0 completions, 50000 ms");
  // In no case more than the time that passed.
  EXPECT_EQ(ended_by({.type = kSkip, .time = "2026-02-15T12:00:20Z", .position = 50'000}),
            "0 streams, 0 completions, 20000 ms");
  // By anything else: the rest of the song.
  EXPECT_EQ(ended_by({.type = kSkip, .time = "2026-02-15T12:10:00Z"}), "1 streams, 1 completions, 200000 ms");
  EXPECT_EQ(ended_by({.type = kSkip, .time = "2026-02-15T12:10:00Z", .song = 2, .position = 7}),
            "1 streams, 1 completions, 200000 ms");
  EXPECT_EQ(ended_by({.type = kPlay, .time = "2026-02-15T12:00:40Z", .position = 7}),
            "1 streams, 0 completions, 40000 ms");
  EXPECT_EQ(ended_by({.type = kAdd, .time = "2026-02-15T12:00:40Z", .position = 7}),
            "1 streams, 1 completions, 200000 ms");
  // Not by what another session, listener or day does.
  const Event skip{.type = kSkip, .time = "2026-02-15T12:00:10Z", .position = 10'000};
  EXPECT_EQ(heard({play, skip}), "0 streams, 0 completions, 10000 ms");
  const Event of_another_listener{.type = kSkip, .time = skip.time, .listener = 2, .position = 10'000};
  EXPECT_EQ(heard({play, of_another_listener}), "1 streams, 1 completions, 200000 ms");
  const Event of_another_session{.type = kSkip, .time = skip.time, .position = 10'000, .session = ""};
  EXPECT_EQ(heard({play, of_another_session}), "1 streams, 1 completions, 200000 ms");
}

TEST(Oracle, WhatIsHeardAfterMidnightIsNotCounted) {
  EXPECT_EQ(heard({{.time = "2026-02-15T23:59:00Z", .duration = 200'000},
                   {.type = kSkip, .time = "2026-02-16T00:01:00Z", .position = 120'000}}),
            "1 streams, 0 completions, 60000 ms");
}

TEST(Oracle, WhatIsHeardWithoutLengthOrPositionIsUnknown) {
  EXPECT_EQ(heard({{.time = "2026-02-15T12:00:00Z"}, {.time = "2026-02-15T12:10:00Z"}}),
            "0 streams, 0 completions, 0 ms");
  // A position tells it, but not whether that was the end.
  EXPECT_EQ(heard({{.time = "2026-02-15T12:00:00Z"},
                   {.type = kSkip, .time = "2026-02-15T12:10:00Z", .position = 40'000}}),
            "1 streams, 0 completions, 40000 ms");
}

TEST(Oracle, AStreamIsCarriedPastTheThirtiethSecond) {
  const auto skipped = [](std::int64_t begin, std::int64_t end) {
    return heard({{.time = "2026-02-15T12:00:00Z", .position = begin, .duration = 100'000},
                  {.type = kSkip, .time = "2026-02-15T12:10:00Z", .position = end}});
  };
  EXPECT_EQ(skipped(0, 29'999), "0 streams, 0 completions, 29999 ms");
  EXPECT_EQ(skipped(0, 30'000), "1 streams, 0 completions, 30000 ms");
  EXPECT_EQ(skipped(29'999, 30'000), "1 streams, 0 completions, 1 ms");
  EXPECT_EQ(skipped(30'000, 40'000), "0 streams, 0 completions, 10000 ms");
  EXPECT_EQ(skipped(50'000, 40'000), "0 streams, 0 completions, 0 ms");
  EXPECT_EQ(skipped(90'000, 99'999), "0 streams, 0 completions, 9999 ms");
  EXPECT_EQ(skipped(90'000, 100'000), "0 streams, 1 completions, 10000 ms");
}

TEST(Oracle, EventsMayComeInAnyOrder) {
  const Event play{.time = "2026-02-15T12:00:00Z", .duration = 200'000};
  const Event skip{.type = kSkip, .time = "2026-02-15T12:00:10Z", .position = 10'000};
  EXPECT_EQ(heard({skip, play}), heard({play, skip}));
  // Of one time, the one that came first is first.
  const Event now{.type = kSkip, .time = "2026-02-15T12:00:00Z", .position = 10'000};
  EXPECT_EQ(heard({play, now}), "0 streams, 0 completions, 0 ms");
  EXPECT_EQ(heard({now, play}), "1 streams, 1 completions, 200000 ms");
}

TEST(Oracle, SongsByDay) {
  const Oracle oracle =
      told({{.time = "2026-02-15T23:59:59.999Z", .duration = 1'000},
            {.time = "2026-02-16T00:00:00Z", .name = "b"},
            {.type = kSkip, .time = "2026-02-16T00:00:01Z", .artist = "Amy", .name = "c"},
            {.type = kPause, .time = "2026-02-16T00:00:02Z", .listener = 2, .artist = "Zed", .name = "a"},
            {.type = kAdd, .time = "2026-02-16T00:00:03Z", .song = 2}});
  EXPECT_THAT(
      rows(oracle, "SONG_DAILY"),
      ElementsAre(
          R"("2026-02-15","00000000-0000-0000-0000-000000000001","God's Plan","Drake",1,1,0,0,0,0,0,1,1,0,0)",
          R"("2026-02-16","00000000-0000-0000-0000-000000000001","a","Amy",3,1,1,1,0,0,0,0,2,1,0)",
          R"("2026-02-16","00000000-0000-0000-0000-000000000002","God's Plan","Drake",1,0,0,0,1,0,0,0,1,null,null)"));
  EXPECT_THAT(rows(oracle, "TOP_SONGS"),
              ElementsAre(R"("00000000-0000-0000-0000-000000000001","God's Plan","Amy",2,1)",
                          R"("00000000-0000-0000-0000-000000000002","God's Plan","Drake",0,0)"));
  EXPECT_THAT(
      rows(oracle, "SONG_YEARS"),
      ElementsAre(
          R"(2026,"00000000-0000-0000-0000-000000000001","God's Plan","Amy",4,2,1,1,0,0,0,1,0.5,0)",
          R"(2026,"00000000-0000-0000-0000-000000000002","God's Plan","Drake",1,0,0,0,1,0,0,0,null,null)"));
}

TEST(Oracle, ArtistsCountDifferentSongsAndListeners) {
  const Oracle oracle = told({{.listener = 1, .song = 1},
                              {.listener = 1, .song = 1, .artist = "Zed"},
                              {.listener = 2, .song = 1},
                              {.listener = 2, .song = 2},
                              {.listener = 1, .song = 2},
                              {.time = "2027-02-15T12:00:00Z", .listener = 1, .song = 2}});
  EXPECT_THAT(rows(oracle, "ARTIST_DAILY"), ElementsAre(R"("2026-02-15","Drake",2,4,4,0,0,0,0,0,0,2,0,0)",
                                                        R"("2026-02-15","Zed",1,1,1,0,0,0,0,0,0,1,0,0)",
                                                        R"("2027-02-15","Drake",1,1,1,0,0,0,0,0,0,1,0,0)"));
  EXPECT_THAT(rows(oracle, "ARTIST_YEARS"),
              ElementsAre(R"(2026,"Drake",4,4,0,0,0,0,0,0,0,0)", R"(2026,"Zed",1,1,0,0,0,0,0,0,0,0)",
                          R"(2027,"Drake",1,1,0,0,0,0,0,0,0,0)"));
}

TEST(Oracle, HoursByCountryAndDevice) {
  const Oracle oracle =
      told({{.time = "2026-02-15T12:59:59.999Z", .device = DeviceType::web},
            {.time = "2026-02-15T12:00:00Z", .device = DeviceType::desktop},
            {.time = "2026-02-15T12:30:00Z", .listener = 2, .device = DeviceType::web},
            {.time = "2026-02-15T13:00:00Z", .device = DeviceType::mobile, .country = "DE"}});
  EXPECT_THAT(rows(oracle, "COUNTRY_DEVICE_HOURLY"),
              ElementsAre(R"("2026-02-15","2026-02-15T12:00:00.000Z","IN","desktop",1,1,0,0,0,0,0,0,1,0,0)",
                          R"("2026-02-15","2026-02-15T12:00:00.000Z","IN","web",2,2,0,0,0,0,0,0,2,0,0)",
                          R"("2026-02-15","2026-02-15T13:00:00.000Z","DE","mobile",1,1,0,0,0,0,0,0,1,0,0)"));
}

TEST(Oracle, EngagementByListenerDeviceCountryAndDay) {
  const Oracle oracle = told({{.listener = 2},
                              {.type = kPause, .listener = 1, .device = DeviceType::web},
                              {.type = kAdd, .listener = 1, .device = DeviceType::desktop},
                              {.type = kSkip, .listener = 1, .device = DeviceType::desktop, .country = "AT"},
                              {.time = "2026-02-14T12:00:00Z", .listener = 2}});
  EXPECT_THAT(rows(oracle, "USER_ENGAGEMENT"),
              ElementsAre(R"("00000000-0000-0000-0000-000000000001","desktop","AT","2026-02-15",0,1,0)",
                          R"("00000000-0000-0000-0000-000000000001","desktop","IN","2026-02-15",0,0,1)",
                          R"("00000000-0000-0000-0000-000000000001","web","IN","2026-02-15",0,0,0)",
                          R"("00000000-0000-0000-0000-000000000002","mobile","IN","2026-02-14",1,0,0)",
                          R"("00000000-0000-0000-0000-000000000002","mobile","IN","2026-02-15",1,0,0)"));
}

TEST(Oracle, SessionsAreTheirIdsOrHaveNoLongPause) {
  const Oracle oracle =
      told({{.time = "2026-02-15T10:00:00Z"},
            {.time = "2026-02-15T10:30:00Z", .device = DeviceType::web},
            {.time = "2026-02-15T11:00:00.001Z", .song = 2},
            {.time = "2026-02-15T10:00:01Z", .session = "s"},
            {.type = kAdd, .time = "2026-02-15T15:00:00.500Z", .song = 2, .session = "s", .country = "DE"},
            {.time = "2026-02-16T00:00:00Z", .session = "s"}});
  EXPECT_THAT(
      rows(oracle, "LISTENER_SESSIONS"),
      ElementsAre(
          R"("2026-02-15","00000000-0000-0000-0000-000000000001","gap:1",null,"2026-02-15T10:00:00.000Z","2026-02-15T10:30:00.000Z",1800000,"web","IN",2,1,2,0,0,0,0)",
          R"("2026-02-15","00000000-0000-0000-0000-000000000001","gap:2",null,"2026-02-15T11:00:00.001Z","2026-02-15T11:00:00.001Z",0,"mobile","IN",1,1,1,0,0,0,0)",
          R"("2026-02-15","00000000-0000-0000-0000-000000000001","id:s","s","2026-02-15T10:00:01.000Z","2026-02-15T15:00:00.500Z",17999500,"mobile","DE",2,2,1,0,1,0,0)",
          R"("2026-02-16","00000000-0000-0000-0000-000000000001","id:s","s","2026-02-16T00:00:00.000Z","2026-02-16T00:00:00.000Z",0,"mobile","IN",1,1,1,0,0,0,0)"));
}

TEST(Oracle, SessionKeysComeAsTexts) {
  std::vector<Event> events;
  std::vector<std::string> times;
  for (int i = 0; i < 11; ++i) times.push_back(fmt::format("2026-02-15T{:02}:00:00Z", 2 * i));
  for (const std::string& time : times) events.push_back({.time = time});
  std::vector<std::string> keys;
  for (const std::string& row : rows(told(events), "LISTENER_SESSIONS"))
    keys.push_back(row.substr(row.find("gap:"), 6));
  EXPECT_THAT(keys, testing::ElementsAre("gap:1\"", "gap:10", "gap:11", "gap:2\"", "gap:3\"", "gap:4\"",
                                         "gap:5\"", "gap:6\"", "gap:7\"", "gap:8\"", "gap:9\""));
}

TEST(Oracle, MicrosecondsAreShownAndNotCounted) {
  Oracle oracle;
  oracle.add(made({.time = "2026-02-15T10:00:00.001Z"}), std::chrono::microseconds(999));
  oracle.add(made({.time = "2026-02-15T10:00:00.002Z"}));
  EXPECT_THAT(rows(oracle, "LISTENER_SESSIONS"),
              ElementsAre(HasSubstr(R"("2026-02-15T10:00:00.001999Z","2026-02-15T10:00:00.002Z",1,)")));
}

TEST(Oracle, HistoryShowsTheSessionThatEndedLast) {
  const Oracle oracle = told({{.time = "2026-02-15T10:00:00Z", .session = "a", .country = "AA"},
                              {.time = "2026-02-15T12:00:00Z", .session = "a", .country = "BB"},
                              {.time = "2026-02-15T11:00:00Z", .session = "b", .country = "CC"},
                              // Of those that end together, the one that began later, then the smaller key.
                              {.time = "2026-02-15T11:00:00Z", .session = "c", .country = "DD"},
                              {.time = "2026-02-15T12:00:00Z", .session = "c", .country = "EE"},
                              {.time = "2026-02-15T11:00:00Z", .session = "d", .country = "DD"},
                              {.time = "2026-02-15T12:00:00Z", .session = "d", .country = "FF"},
                              {.time = "2026-02-15T09:00:00Z", .listener = 2, .device = DeviceType::web}});
  EXPECT_THAT(rows(oracle, "LISTENER_HISTORY"),
              ElementsAre(R"("00000000-0000-0000-0000-000000000001","EE","mobile")",
                          R"("00000000-0000-0000-0000-000000000002","IN","web")"));
}

TEST(Oracle, WeekdaysCountFromMondayAndOnlyPlaysAndSkips) {
  // 2026-02-15 is a Sunday.
  const Oracle oracle = told({{.time = "2026-02-15T23:59:59Z"},
                              {.time = "2026-02-16T00:00:00Z"},
                              {.type = kSkip, .time = "2026-02-23T00:10:00Z"},
                              {.type = kPause, .time = "2026-02-17T12:00:00Z"}});
  EXPECT_THAT(rows(oracle, "LISTENING_BY_WEEKDAY"), ElementsAre("1,0,1,1", "7,23,1,0"));
}

TEST(Oracle, StreaksEndWithTheYear) {
  std::vector<Event> events;
  for (const std::string_view day : {"2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02", "2026-01-03"}) {
    events.push_back({.time = day.substr(0, 10)});
  }
  std::vector<std::string> times;
  for (const Event& event : events) times.push_back(fmt::format("{}T12:00:00Z", event.time));
  for (std::size_t i = 0; i < events.size(); ++i) events[i].time = times[i];
  events.push_back({.type = kSkip, .time = "2026-01-04T12:00:00Z", .song = 2});
  events.push_back({.time = "2026-01-06T12:00:00Z", .song = 3, .artist = "Amy"});
  events.push_back({.time = "2026-01-06T12:00:01Z", .song = 3, .artist = "Amy"});
  events.push_back({.time = "2026-01-08T12:00:00Z"});
  events.push_back({.time = "2026-01-08T12:00:01Z"});
  events.push_back({.type = kPause, .time = "2027-01-01T12:00:00Z"});
  EXPECT_THAT(
      rows(told(events), "LISTENING_YEARS"),
      ElementsAre(R"(2025,2,2,0,0,0,0,0,0,1,1,2,2,"2025-12-30","2025-12-30",1,0,0)",
                  fmt::format(R"(2026,8,7,1,0,0,0,0,0,2,2,5,3,"2026-01-01","2026-01-06",2,{},0)", 1.0 / 7),
                  R"(2027,1,0,0,1,0,0,0,0,0,0,0,0,null,null,0,null,null)"));
}

TEST(Oracle, SkipsByStretchOfTheSong) {
  std::vector<Event> events;
  for (const std::int64_t position : {0, 9'999, 10'000, 299'999, 300'000, 900'000})
    events.push_back({.type = kSkip, .position = position});
  events.push_back({.type = kSkip});
  events.push_back({.type = kPause, .position = 5});
  const auto curve = rows(told(events), "SKIP_CURVE");
  ASSERT_EQ(curve.size(), 31);
  EXPECT_EQ(curve[0], fmt::format("0,10,2,{}", 2.0 / 6));
  EXPECT_EQ(curve[1], fmt::format("10,20,1,{}", 1.0 / 6));
  EXPECT_EQ(curve[2], "20,30,0,0");
  EXPECT_EQ(curve[29], fmt::format("290,300,1,{}", 1.0 / 6));
  EXPECT_EQ(curve[30], fmt::format("300,null,2,{}", 2.0 / 6));
  EXPECT_THAT(rows(told({{.type = kSkip}}), "SKIP_CURVE"), ElementsAre());
}

TEST(Oracle, WindowsEndWithTheNewestHourThatIsNotAhead) {
  const Oracle oracle = told({{.time = "2026-02-15T12:30:00Z"},
                              {.time = "2026-02-14T13:00:00Z"},  // the first hour of the day before
                              {.type = kSkip, .time = "2026-02-14T13:59:00Z"},
                              {.time = "2026-02-14T12:59:59Z"},  // a day earlier
                              {.type = kSkip, .time = "2026-02-14T12:00:00Z"},
                              {.time = "2026-02-13T12:59:59Z"},  // two days earlier
                              {.time = "2026-02-15T15:00:00Z"},  // ahead
                              {.type = kPause, .time = "2026-02-15T12:00:00Z", .song = 2},
                              {.type = kSkip, .time = "2025-12-21T12:59:59Z", .song = 3}});
  const auto at = [](std::string_view early, std::string_view late) {
    return NewestRecord{*base::parse_iso(early), *base::parse_iso(late)};
  };
  constexpr std::string_view kSong = R"("00000000-0000-0000-0000-000000000001","God's Plan","Drake")";
  const auto seen = rows(oracle, "SONG_WINDOWS", at("2026-02-15T13:00:00Z", "2026-02-15T14:59:59Z"));
  EXPECT_THAT(seen, ElementsAre(fmt::format("24,{},2,1,1,1", kSong), fmt::format("168,{},4,2,0,null", kSong),
                                fmt::format("672,{},4,2,0,null", kSong)));
  // From 15:00 on the event of 15:00 counts, too.
  const auto later = rows(oracle, "SONG_WINDOWS", at("2026-02-15T15:00:00Z", "2026-02-15T15:00:00Z"));
  EXPECT_EQ(later[0], fmt::format("24,{},2,0,2,0", kSong));
  // Where every event is ahead, there is no window.
  EXPECT_THAT(rows(oracle, "SONG_WINDOWS", at("2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z")),
              ElementsAre());
  // Nobody can say which hour the newest record came in.
  const std::string unsure = text_of(oracle, {}, at("2026-02-15T14:59:59Z", "2026-02-15T15:00:00Z"));
  EXPECT_THAT(unsure, HasSubstr(R"("table":"MART.SONG_WINDOWS","which":"none","key":[],"columns":[])"));
}

TEST(Oracle, MoreEventsThanItTakesAreAnError) {
  Oracle oracle(2);
  for (int i = 0; i < 2; ++i) oracle.add(made({}));
  EXPECT_FALSE(oracle.is_full());
  oracle.add(made({}));
  const auto marts = count_marts(oracle, kLater);
  ASSERT_FALSE(marts);
  EXPECT_EQ(marts.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(marts.error().message, HasSubstr("up to 2 kept events"));
}

TEST(Oracle, OffsetsOfTwoLogsDecideWhereTheirEventsHaveOneTime) {
  const auto both = [](const Event& one, const Event& other, bool another_log) {
    Oracle oracle;
    oracle.begin_run(false);
    oracle.add(made(one));
    oracle.begin_run(another_log);
    oracle.add(made(other));
    return count_marts(oracle, kLater).has_value();
  };
  const Event one{};
  const Event elsewhere{.device = DeviceType::web};
  EXPECT_TRUE(both(one, one, true));
  EXPECT_FALSE(both(one, elsewhere, true));
  EXPECT_TRUE(both(one, elsewhere, false));
  EXPECT_FALSE(both(one, {.position = 1}, true));
  EXPECT_TRUE(both(one, {.listener = 2, .device = DeviceType::web}, true));
}

TEST(Oracle, OfALogForEachTypeNoOrderHoldsBetweenTypes) {
  const auto can_tell = [](EventType other, bool by_type) {
    Oracle oracle;
    if (by_type) oracle.expect_logs_by_type();
    oracle.add(made({.position = 1}));
    oracle.add(made({.type = other, .position = 2}));
    return count_marts(oracle, kLater).has_value();
  };
  EXPECT_FALSE(can_tell(kSkip, true));
  EXPECT_TRUE(can_tell(kPlay, true));
  EXPECT_TRUE(can_tell(kSkip, false));
}

SimulationSpec spec_of(Profile profile, std::uint64_t seed) {
  return *checked({.profile = profile,
                   .seed = seed,
                   .start = std::chrono::sys_days(std::chrono::year(2026) / 2 / 15),
                   .events = 3'000,
                   .duration = std::chrono::hours(24 * 30)});
}

OracleRun run_of(Oracle& oracle, const SimulationSpec& spec, bool another_log) {
  oracle.begin_run(another_log);
  const auto source = open_source(spec);
  event::ListeningEvent event;
  OracleRun run{.spec = spec, .records = 0, .another_log = another_log, .digest = 0};
  while ((*source)->next(event)) {
    oracle.add(event);
    ++run.records;
  }
  run.digest = oracle.digest();
  return run;
}

TEST(OracleRun, AFileTellsEnoughToGoOnWithIt) {
  Oracle oracle;
  std::vector<OracleRun> runs{run_of(oracle, spec_of(Profile::realistic, 1), false)};
  runs.push_back(run_of(oracle, spec_of(Profile::seed, 2), true));
  runs.back().stopped_after = 5'000;
  const std::string text = text_of(oracle, runs);

  std::istringstream in(text);
  const auto read = read_oracle_runs(in, "x.ndjson");
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) EXPECT_EQ(to_json((*read)[i]), to_json(runs[i]));
  Oracle again;
  for (const OracleRun& run : *read) ASSERT_TRUE(tell_again(run, again));
  EXPECT_EQ(text_of(again, *read), text);
}

TEST(OracleRun, OtherEventsThanThenAreAnError) {
  Oracle oracle;
  OracleRun run = run_of(oracle, spec_of(Profile::realistic, 1), false);
  Oracle again;
  EXPECT_TRUE(tell_again(run, again));
  run.records -= 1;
  EXPECT_EQ(tell_again(run, again).error().kind, ErrorKind::misconfigured);
}

TEST(OracleRun, ARunThatWasSteeredIsRefusedForThatReason) {
  Oracle oracle;
  std::vector<OracleRun> runs{run_of(oracle, spec_of(Profile::seed, 1), false)};
  runs[0].steered = true;
  std::istringstream in(text_of(oracle, runs));
  const auto read = read_oracle_runs(in, "x.ndjson");
  ASSERT_TRUE(read) << read.error().message;
  Oracle again;
  const auto told = tell_again(read->at(0), again);
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(told.error().message, HasSubstr("changed by --control"));
}

TEST(OracleRun, MixSeedAndStartTellEventsApart) {
  const SimulationSpec spec = spec_of(Profile::realistic, 1);
  SimulationSpec other = spec;
  other.users = 5;
  EXPECT_TRUE(has_same_events(spec, other));
  other.seed = 2;
  EXPECT_FALSE(has_same_events(spec, other));
  other = spec;
  other.start += std::chrono::milliseconds(1);
  EXPECT_FALSE(has_same_events(spec, other));
  EXPECT_FALSE(has_same_events(spec, spec_of(Profile::seed, 1)));
}

TEST(OracleRun, ABrokenFileIsNamedWithItsLine) {
  const auto why = [](const std::string& text) {
    std::istringstream in(text);
    const auto read = read_oracle_runs(in, "x.ndjson");
    EXPECT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::misconfigured);
    return read.error().message;
  };
  EXPECT_THAT(why(""), HasSubstr("x.ndjson line 1: "));
  EXPECT_THAT(why("{\"version\":1}\n"), HasSubstr("x.ndjson line 1: an oracle of version 2"));
  EXPECT_THAT(why("{\"oracle\":3}\n"), HasSubstr("x.ndjson line 1: an oracle of version 2"));
  EXPECT_THAT(why("{\"oracle\":2}\nnothing\n"), HasSubstr("x.ndjson line 2: "));
  EXPECT_THAT(why("{\"oracle\":2}\n{\"run\":{\"mix\":\"seed\"}}\n"),
              HasSubstr("x.ndjson line 2: the member `seed`"));
  EXPECT_THAT(why("{\"oracle\":2}\n"), HasSubstr("ends before its counts"));
}

}  // namespace
}  // namespace sdp::simulate
