#include "history/judge.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <utility>

#include "base/utc_time.h"
#include "event/catalogue.h"
#include "event/decode.h"
#include "event/encode.h"
#include "history/row_reader.h"

namespace sdp::history {
namespace {

const UtcMillis kLatest = *base::parse_iso("2026-01-01T00:00:00Z");

Row row_of(std::string json) {
  const auto reader = read_json(std::make_unique<TextBytes>(std::move(json)));
  const auto row = reader->next();
  return row && *row ? **row : Row{};
}

Judged judged(Kind kind, std::string json) {
  return judge(kind, row_of(std::move(json)), kLatest);
}

std::vector<event::ListeningEvent> events(Kind kind, std::string json, std::uint32_t number = 0) {
  std::vector<event::ListeningEvent> out;
  const Judged row = judged(kind, std::move(json));
  if (row.listening) append_events(kind, *row.listening, user_id("ada"), number, out);
  return out;
}

std::string extended(std::string_view rest = "", std::string_view ts = "2023-05-04T12:34:56Z",
                     std::string_view ms = "61000") {
  return std::string(R"({"ts":")") + std::string(ts) + R"(","ms_played":)" + std::string(ms) +
         R"(,"platform":"Android OS 9 API 28","conn_country":"GB","ip_addr":"192.0.2.7",)" +
         R"("master_metadata_track_name":"Levitating","master_metadata_album_artist_name":"Dua Lipa",)" +
         R"("spotify_track_uri":"spotify:track:5nujrmhLynf4yMoMtj8AQF")" + std::string(rest) + "}";
}

std::string fault(Kind kind, std::string json) {
  const Judged row = judged(kind, std::move(json));
  if (row.listening) return "kept";
  return std::string(name(row.fault.reason)) + " " + std::string(row.fault.member) +
         (row.fault.shown.empty() ? "" : " " + row.fault.shown);
}

TEST(Extended, PlayedBeforeItStopped) {
  const auto made = events(Kind::spotify_extended, extended(R"(,"reason_end":"trackdone","skipped":false)"));
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(base::format_iso(made[0].timestamp), "2023-05-04T12:33:55.000Z");
  EXPECT_EQ(made[0].event_type, event::EventType::play);
  EXPECT_EQ(made[0].country.view(), "UK");
  EXPECT_EQ(made[0].device_type, event::DeviceType::mobile);
  EXPECT_EQ(made[0].song_id, base::uuid5(base::kNamespaceDns, "spotify:track:5nujrmhLynf4yMoMtj8AQF"));
  EXPECT_EQ(made[0].user_id, base::uuid5(base::kNamespaceDns, "listener:ada"));
  EXPECT_EQ(made[0].duration_ms, 61'000);
  EXPECT_EQ(made[0].position_ms, std::nullopt);
}

TEST(Extended, SkippedWhenItStopped) {
  for (const std::string_view rest :
       {R"(,"skipped":true)", R"(,"reason_end":"fwdbtn","skipped":null)", R"(,"reason_end":"backbtn")",
        R"(,"reason_end":"clickrow","skipped":false)"}) {
    const auto made = events(Kind::spotify_extended, extended(rest));
    ASSERT_EQ(made.size(), 2U) << rest;
    EXPECT_EQ(made[1].event_type, event::EventType::skip);
    EXPECT_EQ(base::format_iso(made[1].timestamp), "2023-05-04T12:34:56.000Z");
    EXPECT_EQ(made[1].position_ms, 61'000);
    EXPECT_EQ(made[1].song_id, made[0].song_id);
    EXPECT_NE(made[1].event_id, made[0].event_id);
    EXPECT_EQ(made[0].duration_ms, std::nullopt);
  }
  for (const std::string_view reason : {"trackdone", "logout", "endplay", "unexpected-exit", ""})
    EXPECT_FALSE(is_own_doing(reason)) << reason;
}

TEST(Extended, ARowOfNoTimeIsAPlay) {
  EXPECT_EQ(events(Kind::spotify_extended, extended("", "2023-05-04T12:34:56Z", "0")).size(), 1U);
}

TEST(Extended, IdsAreOfRowAndNumberAndOfNoAddress) {
  const auto first = events(Kind::spotify_extended, extended());
  EXPECT_EQ(first,
            events(Kind::spotify_extended, extended(R"(,"ip_addr_decrypted":"192.0.2.9","city":"Rome")")));
  EXPECT_NE(first[0].event_id, events(Kind::spotify_extended, extended(), 1)[0].event_id);
  EXPECT_NE(first[0].event_id,
            events(Kind::spotify_extended, extended("", "2023-05-04T12:34:57Z"))[0].event_id);
}

TEST(Extended, WhatIsNoTrackIsSkippedByItsReason) {
  const std::string begin = R"({"ts":"2023-05-04T12:34:56Z","ms_played":5,"master_metadata_track_name":null)";
  const Kind kind = Kind::spotify_extended;
  EXPECT_EQ(fault(kind, begin + R"(,"episode_name":"One","spotify_episode_uri":"spotify:episode:1"})"),
            "episode spotify_episode_uri");
  EXPECT_EQ(fault(kind, begin + R"(,"audiobook_uri":"spotify:show:1"})"), "audiobook audiobook_uri");
  EXPECT_EQ(fault(kind, begin + "}"), "no_track master_metadata_track_name");
  EXPECT_EQ(fault(kind, begin + R"(,"spotify_track_uri":"spotify:track:5nujrmhLynf4yMoMtj8AQF"})"),
            "missing master_metadata_track_name null");
}

TEST(Extended, WhatIsBrokenIsRefusedByItsMember) {
  const Kind kind = Kind::spotify_extended;
  EXPECT_EQ(fault(kind, extended("", "1970-01-01T00:00:00Z")), "before_2000 ts 1970-01-01T00:00:00Z");
  EXPECT_EQ(fault(kind, extended("", "2026-01-01T00:00:01Z")), "in_the_future ts 2026-01-01T00:00:01Z");
  EXPECT_EQ(fault(kind, extended("", "2000-01-01T00:00:01Z", "2000")), "before_2000 ms_played 2000");
  EXPECT_EQ(fault(kind, extended("", "yesterday")), "not_a_time ts yesterday");
  EXPECT_EQ(fault(kind, extended("", "2023-05-04T12:34:56Z", "-1")), "bad_duration ms_played -1");
  EXPECT_EQ(fault(kind, extended("", "2023-05-04T12:34:56Z", "86400001")), "bad_duration ms_played 86400001");
  EXPECT_EQ(fault(kind, extended("", "2023-05-04T12:34:56Z", "1.5")), "bad_duration ms_played 1.5");
  EXPECT_EQ(fault(kind, extended("", "2023-05-04T12:34:56Z", "\"5\"")), "bad_duration ms_played 5");
  EXPECT_EQ(fault(kind, R"({"ms_played":5,"master_metadata_track_name":"a"})"), "missing ts");
  EXPECT_EQ(fault(kind, R"({"ts":"2023-05-04T12:34:56Z","ms_played":5,"master_metadata_track_name":"a"})"),
            "missing master_metadata_album_artist_name");
  EXPECT_EQ(fault(kind, R"({"ts":"2023-05-04T12:34:56Z","ms_played":5,"master_metadata_track_name":7})"),
            "not_text master_metadata_track_name 7");
  EXPECT_EQ(
      fault(kind, R"({"ts":"2023-05-04T12:34:56Z","ms_played":5,"master_metadata_track_name":"a\u0000b"})"),
      R"(bad_text master_metadata_track_name a\x00b)");
  EXPECT_EQ(fault(kind, "5"), "not_an_object ");
  EXPECT_EQ(fault(kind, "[5]"), "not_an_object ");
  EXPECT_EQ(fault(kind, R"({ts:5})"),
            "not_json  it is not JSON at byte 1: Missing a name for object member.");
  EXPECT_EQ(fault(kind, R"({"ts":{"a\u001b":)" + std::string(99, '[') + std::string(99, ']') + "}}"),
            R"(too_deep  ts.a\x1b)");
}

TEST(Extended, HalfACharacterIsReplacedAndToldAndOtherBytesAreRefused) {
  const Kind kind = Kind::spotify_extended;
  const auto row = [](std::string_view track, std::string_view rest = "") {
    return fmt::format(R"({{"ts":"2023-05-04T12:34:56Z","ms_played":5,"master_metadata_track_name":"{}",)"
                       R"("master_metadata_album_artist_name":"a"{}}})",
                       track, rest);
  };
  const auto title = [&](std::string_view track) { return judged(kind, row(track)).listening->song; };
  EXPECT_EQ(title(R"(Cut \ud83d)"), "Cut \uFFFD");
  EXPECT_EQ(title(R"(\ude00 cut \ud83dx)"), "\uFFFD cut \uFFFDx");
  const Judged replaced = judged(kind, row(R"(Cut \ud83d)"));
  ASSERT_TRUE(replaced.listening->replaced);
  EXPECT_EQ(replaced.listening->replaced->member, "master_metadata_track_name");
  EXPECT_EQ(replaced.listening->replaced->shown, "Cut \uFFFD");
  EXPECT_FALSE(judged(kind, row("Whole \U0001F600")).listening->replaced);
  // What is not read says nothing.
  EXPECT_FALSE(judged(kind, row("a", R"(,"master_metadata_album_album_name":"\ud83d")")).listening->replaced);
  EXPECT_EQ(fault(kind, row("\xFF")), R"(bad_text master_metadata_track_name \xff)");
  EXPECT_EQ(fault(kind, row("\xED")), R"(bad_text master_metadata_track_name \xed)");
  EXPECT_EQ(fault(kind, row("\xED\xA0")), R"(bad_text master_metadata_track_name \xed\xa0)");
  EXPECT_EQ(fault(kind, row("\\ud83d\xFF")), R"(bad_text master_metadata_track_name \xed\xa0\x80\xff)");
}

TEST(Extended, SkippedIsAFlagHoweverItIsWritten) {
  const Kind kind = Kind::spotify_extended;
  const auto events_of = [&](std::string_view flag) {
    return events(kind, extended(fmt::format(R"(,"skipped":{})", flag))).size();
  };
  for (const std::string_view flag : {"true", R"("true")", R"("True")", "1", "1.0"})
    EXPECT_EQ(events_of(flag), 2U) << flag;
  for (const std::string_view flag : {"false", "null", R"("false")", R"("FALSE")", R"("")", "0"})
    EXPECT_EQ(events_of(flag), 1U) << flag;
  EXPECT_EQ(fault(kind, extended(R"(,"skipped":"yes")")), "bad_flag skipped yes");
  EXPECT_EQ(fault(kind, extended(R"(,"skipped":2)")), "bad_flag skipped 2");
  EXPECT_EQ(fault(kind, extended(R"(,"skipped":{})")), "bad_flag skipped");
}

TEST(Extended, ADurationIsWholeHoweverItIsWritten) {
  const auto length = [](std::string_view ms) {
    return fault(Kind::spotify_extended, extended("", "2023-05-04T12:34:56Z", ms));
  };
  EXPECT_EQ(length("61000.0"), "kept");
  EXPECT_EQ(length("6.1e4"), "kept");
  EXPECT_EQ(length("1e999"), "bad_duration ms_played Infinity");
  EXPECT_EQ(length("NaN"), "bad_duration ms_played NaN");
  EXPECT_EQ(length("6.1"), "bad_duration ms_played 6.1");
}

TEST(Account, EndTimeIsTheEnd) {
  const auto made = events(Kind::spotify_account,
                           R"({"endTime":"2023-05-04 12:34","artistName":"Drake","trackName":"God's Plan",)"
                           R"("msPlayed":60000})");
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(base::format_iso(made[0].timestamp), "2023-05-04T12:33:00.000Z");
  EXPECT_EQ(made[0].song_id, event::song_id("Drake", "God's Plan"));
  EXPECT_EQ(made[0].country.view(), "ZZ");
  const Kind kind = Kind::spotify_account;
  EXPECT_EQ(fault(kind, R"({"endTime":"2023-05-04 12:34","podcastName":"p","episodeName":"e","msPlayed":1})"),
            "episode episodeName");
  for (const std::string_view time :
       {"2023-02-29 12:34", "2023-05-04 24:00", "2023-05-04T12:34", "2023-05-04 1234"})
    EXPECT_TRUE(fault(kind, R"({"trackName":"t","artistName":"a","msPlayed":1,"endTime":")" +
                                std::string(time) + "\"}")
                    .starts_with("not_a_time endTime"))
        << time;
}

TEST(ListenBrainz, ListenedAtIsTheStart) {
  const auto made = events(
      Kind::listenbrainz,
      R"({"listened_at":1683203696,"track_metadata":{"track_name":"Levitating","artist_name":"Dua Lipa",)"
      R"("additional_info":{"duration_ms":203000,"spotify_id":"https://open.spotify.com/track/5nujrmhLynf4yMoMtj8AQF"}}})");
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(base::format_iso(made[0].timestamp), "2023-05-04T12:34:56.000Z");
  EXPECT_EQ(made[0].duration_ms, 203'000);
  EXPECT_EQ(made[0].song_id, *track_id("spotify:track:5nujrmhLynf4yMoMtj8AQF"));
  EXPECT_EQ(fault(Kind::listenbrainz, R"({"listened_at":99999999999999999})"),
            "not_a_time listened_at 99999999999999999");
  const auto at = [](std::string_view time) {
    return fault(
        Kind::listenbrainz,
        fmt::format(R"({{"listened_at":{},"track_metadata":{{"track_name":"t","artist_name":"a"}}}})", time));
  };
  for (const std::string_view time :
       {"1683203696.0", "1.683203696e9", R"("1683203696")", R"("1683203696.0")"})
    EXPECT_EQ(at(time), "kept");
  EXPECT_EQ(at("1683203696.5"), "not_a_time listened_at 1683203696.5");
  EXPECT_EQ(at(R"("1683203696.5")"), "not_a_time listened_at 1683203696.5");
  EXPECT_EQ(at(R"("1683203696 ")"), "not_a_time listened_at 1683203696 ");
  EXPECT_EQ(at(R"(".0")"), "not_a_time listened_at .0");
  EXPECT_EQ(at("1e999"), "not_a_time listened_at Infinity");
  EXPECT_EQ(at("true"), "not_a_time listened_at true");
}

TEST(LastFm, DateIsTheStart) {
  const auto made =
      events(Kind::lastfm, R"({"artist":{"#text":"Drake"},"name":"God's Plan","date":{"uts":"1683203696"}})");
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(base::format_iso(made[0].timestamp), "2023-05-04T12:34:56.000Z");
  EXPECT_EQ(fault(Kind::lastfm, R"({"artist":{"name":"D"},"name":"G","@attr":{"nowplaying":"true"}})"),
            "now_playing @attr.nowplaying");
  EXPECT_EQ(fault(Kind::lastfm, R"({"artist":{"name":"D"},"name":"G","@attr":{"nowplaying":true}})"),
            "now_playing @attr.nowplaying");
  EXPECT_EQ(fault(Kind::lastfm, R"({"artist":{"name":"D"},"name":"G"})"), "missing date.#text");
  const auto of_date = [](std::string_view date) {
    const auto dated = events(Kind::lastfm, R"({"artist":{"name":"D"},"name":"G","date":{"#text":")" +
                                                std::string(date) + R"("}})");
    return dated.empty() ? "none" : base::format_iso(dated[0].timestamp);
  };
  EXPECT_EQ(of_date("04 May 2023 12:34"), "2023-05-04T12:34:00.000Z");
  EXPECT_EQ(of_date("4 May 2023, 12:34"), "2023-05-04T12:34:00.000Z");
  EXPECT_EQ(of_date("31 Jun 2023 12:34"), "none");
  EXPECT_EQ(of_date("04 Mai 2023 12:34"), "none");
}

TEST(EventSim, OnlySongsCount) {
  const std::string row =
      R"({"ts":1683203696123,"userId":"30","sessionId":29,"page":"NextSong","artist":"Drake","song":"God's Plan",)"
      R"("length":198.97,"userAgent":"Mozilla/5.0 [Windows NT 6.1; WOW64; rv:31.0]"})";
  const auto made = events(Kind::eventsim, row);
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(base::format_iso(made[0].timestamp), "2023-05-04T12:34:56.123Z");
  EXPECT_EQ(made[0].duration_ms, 198'970);
  EXPECT_EQ(made[0].session_id, "29");
  EXPECT_EQ(made[0].device_type, event::DeviceType::web);
  EXPECT_EQ(judged(Kind::eventsim, row).listening->user, "30");
  EXPECT_EQ(fault(Kind::eventsim, R"({"ts":1683203696123,"page":"Home"})"), "other_page page");
  const auto session = [](std::string_view id) {
    return fault(
        Kind::eventsim,
        fmt::format(R"({{"ts":1683203696123.0,"userId":"30","page":"NextSong","artist":"D","song":"G",)"
                    R"("length":NaN,"sessionId":{}}})",
                    id));
  };
  EXPECT_EQ(session("29"), "kept");
  EXPECT_EQ(session(R"("")"), "kept");
  EXPECT_EQ(session("\"\xFF\""), R"(bad_text sessionId \xff)");
  EXPECT_EQ(session(R"("a\u0000")"), R"(bad_text sessionId a\x00)");
}

TEST(KindOf, IsToldByAMemberThatNoOtherHas) {
  EXPECT_EQ(kind_of(row_of(extended())), Kind::spotify_extended);
  EXPECT_EQ(kind_of(row_of(R"({"endTime":"x"})")), Kind::spotify_account);
  EXPECT_EQ(kind_of(row_of(R"({"listened_at":1})")), Kind::listenbrainz);
  EXPECT_EQ(kind_of(row_of(R"({"artist":{"#text":"D"},"name":"G"})")), Kind::lastfm);
  EXPECT_EQ(kind_of(row_of(R"({"ts":1,"page":"Home","artist":null})")), Kind::eventsim);
  EXPECT_EQ(kind_of(row_of(R"({"playlists":[{"name":"x"}]})")), std::nullopt);
}

TEST(DeviceOf, EveryPlatformIsOneOfThree) {
  using enum event::DeviceType;
  const std::pair<std::string_view, event::DeviceType> cases[] = {
      {"iOS 14.4 (iPhone12,1)", mobile},
      {"Android OS 9 API 28 (HUAWEI, MAR-LX1A)", mobile},
      {"Windows 10 (10.0.19042; x64)", desktop},
      {"OS X 10.15.7 [x86 8]", desktop},
      {"Linux [x86-64 0]", desktop},
      {"web_player windows 10;chrome 87.0.4280.66;desktop", web},
      {"WebPlayer (websocket RFC6455)", web},
      {"Partner google cast_tv;Chromecast;;", desktop},
      {"Partner sonos_ppc Sonos;Play1", desktop},
      {"Partner android_tv Sony;BRAVIA", desktop},
      {"Partner scei-ps4 Sony;PS4", desktop},
      {"Garmin;fenix", mobile},
      {"not_applicable", mobile},
      {"", mobile},
  };
  for (const auto& [platform, device] : cases) EXPECT_EQ(device_of(platform), device) << platform;
}

TEST(CountryOf, BritainIsWrittenAsTheEventsHaveIt) {
  EXPECT_EQ(country_of("GB").view(), "UK");
  EXPECT_EQ(country_of("DE").view(), "DE");
  for (const std::string_view code : {"", "D", "de", "DEU", "D1"})
    EXPECT_EQ(country_of(code).view(), "ZZ") << code;
}

TEST(AppendEvents, SilverTakesThem) {
  event::Decoder decoder;
  for (const event::ListeningEvent& event : events(Kind::spotify_extended, extended(R"(,"skipped":true)"))) {
    std::string text;
    append_json(text, event);
    const auto verdict = decoder.decode(text);
    ASSERT_TRUE(verdict && *verdict) << text;
    EXPECT_EQ(**verdict, event);
  }
}

}  // namespace
}  // namespace sdp::history
