#include "simulate/oracle.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/utc_time.h"
#include "event/decode.h"
#include "event/encode.h"
#include "simulate/event_source.h"
#include "support/event_text.h"

namespace sdp::simulate {
namespace {

using event::EventType;
using event::ListeningEvent;

ListeningEvent event_of(EventType type, std::string_view user, std::string_view time) {
  return {.event_type = type,
          .user_id = *base::parse_uuid(user),
          .song_id = *base::parse_uuid("09a7d5c8-d131-55b1-9758-8cfdc6375651"),
          .song_name = "God's Plan",
          .artist_name = "Drake",
          .country = {{'I', 'N'}},
          .timestamp = *base::parse_iso(time)};
}

constexpr std::string_view kUser = "881dc191-47cf-4642-b4b2-9334c488cd67";
constexpr std::string_view kOther = "00000000-47cf-4642-b4b2-9334c488cd67";

TEST(Oracle, CountsEachKindByItsKindAndDaysInUtc) {
  Oracle oracle;
  oracle.add(event_of(EventType::play, kUser, "2026-02-15T23:59:59.999Z"));
  oracle.add(event_of(EventType::play, kUser, "2026-02-16T00:00:00Z"));
  oracle.add(event_of(EventType::play, kUser, "2026-02-16T12:00:00Z"));
  oracle.add(event_of(EventType::skip, kUser, "2026-02-16T12:00:01Z"));
  oracle.add(event_of(EventType::add_to_playlist, kUser, "2026-02-16T12:00:02Z"));
  oracle.add(event_of(EventType::pause, kOther, "2026-02-16T12:00:03Z"));
  EXPECT_EQ(oracle.to_json(), R"({"version":1,"events":6,
"events_by_type":{"play":3,"pause":1,"skip":1,"add_to_playlist":1},
"top_songs":[
{"song_id":"09a7d5c8-d131-55b1-9758-8cfdc6375651","song_name":"God's Plan","artist_name":"Drake","total_plays":3,"total_skips":1}],
"user_engagement":[
{"user_id":"00000000-47cf-4642-b4b2-9334c488cd67","device_type":"mobile","country":"IN","total_plays":0,"total_skips":0,"playlist_adds":0,"day":"2026-02-16"},
{"user_id":"881dc191-47cf-4642-b4b2-9334c488cd67","device_type":"mobile","country":"IN","total_plays":1,"total_skips":0,"playlist_adds":0,"day":"2026-02-15"},
{"user_id":"881dc191-47cf-4642-b4b2-9334c488cd67","device_type":"mobile","country":"IN","total_plays":2,"total_skips":1,"playlist_adds":1,"day":"2026-02-16"}]}
)");
}

TEST(Oracle, EmptyOneHasEmptyMarts) {
  EXPECT_EQ(Oracle().to_json(),
            "{\"version\":1,\"events\":0,\n\"events_by_type\":{\"play\":0,\"pause\":0,\"skip\":0,\"add_to_"
            "playlist\":0},\n"
            "\"top_songs\":[],\n\"user_engagement\":[]}\n");
}

TEST(Oracle, OfSeveralNamesTheSmallestInByteOrderIsShown) {
  Oracle oracle;
  ListeningEvent event = event_of(EventType::play, kUser, "2026-02-15T00:00:00Z");
  for (const char* title : {"b", "a", "é"}) {
    event.song_name = title;
    oracle.add(event);
  }
  EXPECT_EQ(oracle.top_songs()[0].song_name, "a");
}

/// Recounts from the bytes that went out, with strings and ordered maps only.
struct Recount {
  std::map<std::string, std::array<std::uint64_t, 2>> songs;
  std::map<std::string, std::array<std::uint64_t, 3>> cells;

  void add(const ListeningEvent& event) {
    const std::string type(name(event.event_type));
    auto& song = songs[base::to_string(event.song_id) + "|" + event.song_name + "|" + event.artist_name];
    auto& cell =
        cells[base::to_string(event.user_id) + "|" + std::string(name(event.device_type)) + "|" +
              std::string(event.country.view()) + "|" + base::format_iso(event.timestamp).substr(0, 10)];
    if (type == "play") ++song[0], ++cell[0];
    if (type == "skip") ++song[1], ++cell[1];
    if (type == "add_to_playlist") ++cell[2];
  }
};

TEST(Oracle, EqualsANaiveRecountOfTheBytes) {
  for (const Profile profile : {Profile::seed, Profile::realistic}) {
    const SimulationSpec spec{.profile = profile,
                              .seed = 5,
                              .start = std::chrono::sys_days(std::chrono::year(2026) / 2 / 15),
                              .events = 30'000,
                              .duration = std::chrono::hours(24 * 30)};
    Oracle oracle;
    Recount recount;
    event::Decoder decoder;
    ListeningEvent event;
    const auto source = open_source(spec);
    while ((*source)->next(event)) {
      oracle.add(event);
      recount.add(decoder.decode(support::to_json(event)).value().value());
    }
    Recount told;
    for (const auto& row : oracle.top_songs()) {
      told.songs[base::to_string(row.song_id) + "|" + row.song_name + "|" + row.artist_name] = {
          row.total_plays, row.total_skips};
    }
    for (const auto& [key, counts] : oracle.user_engagement()) {
      told.cells[base::to_string(key.user_id) + "|" + std::string(name(key.device_type)) + "|" +
                 std::string(key.country.view()) + "|" + base::format_date(key.day)] = {
          counts.total_plays, counts.total_skips, counts.playlist_adds};
    }
    EXPECT_EQ(told.songs, recount.songs);
    EXPECT_EQ(told.cells, recount.cells);
    EXPECT_EQ(oracle.events(), 30'000);
    EXPECT_GT(told.cells.size(), 200);
  }
}

TEST(Oracle, TopSongsComeMostPlayedFirst) {
  Oracle oracle;
  const SimulationSpec spec{.start = std::chrono::sys_days(std::chrono::year(2026) / 2 / 15),
                            .events = 1'000};
  const auto source = open_source(spec);
  ListeningEvent event;
  while ((*source)->next(event)) oracle.add(event);
  const auto songs = oracle.top_songs();
  ASSERT_EQ(songs.size(), 6);
  for (std::size_t i = 1; i < songs.size(); ++i) EXPECT_GE(songs[i - 1].total_plays, songs[i].total_plays);
}

}  // namespace
}  // namespace sdp::simulate
