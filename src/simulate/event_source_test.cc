#include "simulate/event_source.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "base/sha256.h"
#include "event/catalogue.h"
#include "event/decode.h"
#include "event/encode.h"
#include "support/event_text.h"

namespace sdp::simulate {
namespace {

using event::ListeningEvent;
using namespace std::chrono_literals;

SimulationSpec spec_of(Profile profile, std::uint64_t events) {
  return {.profile = profile,
          .seed = 1,
          .start = std::chrono::sys_days(std::chrono::year(2026) / 2 / 15),
          .events = events};
}

std::vector<ListeningEvent> generate(const SimulationSpec& spec) {
  auto source = open_source(spec);
  EXPECT_TRUE(source);
  std::vector<ListeningEvent> events;
  ListeningEvent event;
  while ((*source)->next(event)) events.push_back(event);
  EXPECT_FALSE((*source)->next(event)) << "an ended source must stay ended";
  return events;
}

std::string bytes(const SimulationSpec& spec) {
  std::string out;
  for (const auto& event : generate(spec)) {
    event::append_json(out, event);
    out += '\n';
  }
  return out;
}

class EveryProfile : public testing::TestWithParam<Profile> {};
INSTANTIATE_TEST_SUITE_P(Profiles, EveryProfile,
                         testing::Values(Profile::seed, Profile::realistic, Profile::listeners),
                         [](const auto& profile) {
                           return profile.param == Profile::seed        ? "seed"
                                  : profile.param == Profile::realistic ? "realistic"
                                                                        : "listeners";
                         });

TEST_P(EveryProfile, SameSpecGivesSameBytes) {
  EXPECT_EQ(bytes(spec_of(GetParam(), 5'000)), bytes(spec_of(GetParam(), 5'000)));
}

TEST_P(EveryProfile, MoreEventsBeginWithFewer) {
  EXPECT_TRUE(bytes(spec_of(GetParam(), 500)).starts_with(bytes(spec_of(GetParam(), 200))));
}

TEST_P(EveryProfile, AnotherSeedHasOtherListenersAndEvents) {
  SimulationSpec spec = spec_of(GetParam(), 300);
  const auto first = generate(spec);
  spec.seed = 2;
  const auto second = generate(spec);
  std::set<Uuid> users;
  for (const auto& event : first) users.insert(event.user_id);
  for (const auto& event : second) EXPECT_FALSE(users.contains(event.user_id));
}

TEST_P(EveryProfile, LaterRunOfTheSameSeedHasTheSameListenersAndNewEvents) {
  SimulationSpec spec = spec_of(GetParam(), 2'000);
  spec.users = 5;
  const auto first = generate(spec);
  spec.start += 24h;
  const auto second = generate(spec);
  std::set<Uuid> ids, users, users_later;
  for (const auto& event : first) {
    ids.insert(event.event_id);
    users.insert(event.user_id);
  }
  for (const auto& event : second) {
    EXPECT_FALSE(ids.contains(event.event_id));
    users_later.insert(event.user_id);
  }
  EXPECT_EQ(users, users_later);
}

TEST_P(EveryProfile, EveryEventIsValidAndUnique) {
  event::Decoder decoder;
  std::set<Uuid> ids;
  for (const auto& event : generate(spec_of(GetParam(), 20'000))) {
    const auto verdict = decoder.decode(support::to_json(event));
    ASSERT_TRUE(verdict && *verdict) << support::to_json(event);
    ASSERT_EQ(**verdict, event);
    ASSERT_EQ(event.song_id, event::song_id(event.artist_name, event.song_name));
    ASSERT_TRUE(ids.insert(event.event_id).second);
  }
  EXPECT_EQ(ids.size(), 20'000);
}

TEST_P(EveryProfile, TimestampsAscendFromTheStart) {
  const SimulationSpec spec = spec_of(GetParam(), 20'000);
  UtcMillis last = spec.start;
  for (const auto& event : generate(spec)) {
    ASSERT_GE(event.timestamp, last);
    last = event.timestamp;
  }
  EXPECT_GT(last, spec.start);
}

TEST_P(EveryProfile, EndsWhereItsDurationEnds) {
  SimulationSpec spec = spec_of(GetParam(), 0);
  spec.duration = GetParam() == Profile::seed ? 10s : 24h;
  const auto events = generate(spec);
  ASSERT_GT(events.size(), 1'000);
  EXPECT_LT(events.back().timestamp, spec.start + spec.duration);
  EXPECT_GT(events.back().timestamp, spec.start + spec.duration * 99 / 100);
}

TEST_P(EveryProfile, EndsBeforeTheYearTheFormatCannotHold) {
  SimulationSpec spec = spec_of(GetParam(), 0);
  spec.start = std::chrono::sys_days(std::chrono::year(2099) / 12 / 31) + 23h + 30min;
  spec.rate = 10;
  const auto events = generate(spec);
  ASSERT_FALSE(events.empty());
  EXPECT_LT(events.back().timestamp, std::chrono::sys_days(std::chrono::year(2100) / 1 / 1));
}

TEST_P(EveryProfile, EventObjectMayHoldAnythingBefore) {
  auto source = open_source(spec_of(GetParam(), 1));
  ListeningEvent used = generate(spec_of(Profile::realistic, 9)).back();
  ListeningEvent fresh = generate(spec_of(GetParam(), 1)).front();
  ASSERT_TRUE((*source)->next(used));
  EXPECT_EQ(used, fresh);
}

// A changed hash is a changed stream: goldens of other stages and everybody's demos change with it.
TEST(GoldenStream, SeedProfileIsFixed) {
  EXPECT_EQ(base::sha256_hex(bytes(spec_of(Profile::seed, 1'000))),
            "28fdf153f87c1995ee91c2ff3fb5e871e360dc8e907b084635a232ff559cd678");
}

TEST(GoldenStream, RealisticProfileIsFixed) {
  EXPECT_EQ(base::sha256_hex(bytes(spec_of(Profile::realistic, 1'000))),
            "a65f2b5ff27327a0f638b8fb90ff8433041be03f31c281f3c255c13eb83d6fad");
}

/// Chi-squared of counts that should all be equal.
template <typename Map>
double chi_squared(const Map& counts, double expected) {
  double sum = 0;
  for (const auto& [value, count] : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

TEST(SeedProfile, DrawsEveryFieldUniformlyAndIndependently) {
  constexpr double kEvents = 120'000;
  std::map<event::EventType, int> types;
  std::map<event::DeviceType, int> devices;
  std::map<event::Country, int> countries;
  std::map<std::string, int> songs;
  std::map<Uuid, int> users;
  std::map<std::pair<event::EventType, std::string>, int> pairs;
  for (const auto& event : generate(spec_of(Profile::seed, static_cast<std::uint64_t>(kEvents)))) {
    ++types[event.event_type];
    ++devices[event.device_type];
    ++countries[event.country];
    ++songs[event.song_name];
    ++users[event.user_id];
    ++pairs[{event.event_type, event.song_name}];
  }
  ASSERT_EQ(types.size(), 4);
  ASSERT_EQ(devices.size(), 3);
  ASSERT_EQ(countries.size(), 5);
  ASSERT_EQ(songs.size(), 6);
  ASSERT_EQ(users.size(), 20);
  ASSERT_EQ(pairs.size(), 24);
  // Limits: chance one in ten thousand for 3, 2, 4, 5, 19 and 23 degrees of freedom. The seed is fixed.
  EXPECT_LT(chi_squared(types, kEvents / 4), 21.1);
  EXPECT_LT(chi_squared(devices, kEvents / 3), 18.4);
  EXPECT_LT(chi_squared(countries, kEvents / 5), 23.5);
  EXPECT_LT(chi_squared(songs, kEvents / 6), 25.7);
  EXPECT_LT(chi_squared(users, kEvents / 20), 50.8);
  EXPECT_LT(chi_squared(pairs, kEvents / 24), 56.8);
}

TEST(SeedProfile, RateSpacesTheTimestamps) {
  SimulationSpec spec = spec_of(Profile::seed, 11);
  spec.rate = 4;
  const auto events = generate(spec);
  EXPECT_EQ(events[1].timestamp - events[0].timestamp, 250ms);
  EXPECT_EQ(events[10].timestamp - spec.start, 2'500ms);
}

TEST(SeedProfile, EventsAndDurationWithoutRateSpreadOverTheDuration) {
  SimulationSpec spec = spec_of(Profile::seed, 1'000);
  spec.duration = 72h;
  const auto events = generate(spec);
  EXPECT_EQ(events.size(), 1'000);
  EXPECT_GT(events.back().timestamp, spec.start + 71h);
}

TEST(RealisticProfile, MixIsThatOfListeningNotOfDice) {
  std::map<event::EventType, double> types;
  std::map<std::string, int> songs;
  std::set<std::string> sessions;
  std::set<Uuid> users;
  constexpr double kEvents = 100'000;
  for (const auto& event : generate(spec_of(Profile::realistic, static_cast<std::uint64_t>(kEvents)))) {
    types[event.event_type] += 1 / kEvents;
    ++songs[event.song_name];
    sessions.insert(*event.session_id);
    users.insert(event.user_id);
  }
  EXPECT_GT(types[event::EventType::play], 0.5);
  EXPECT_GT(types[event::EventType::skip] / types[event::EventType::play], 0.35);
  EXPECT_LT(types[event::EventType::skip] / types[event::EventType::play], 0.6);
  EXPECT_GT(types[event::EventType::pause], 0.05);
  EXPECT_GT(types[event::EventType::add_to_playlist], 0.01);
  EXPECT_GT(users.size(), 950);
  EXPECT_GT(kEvents / static_cast<double>(sessions.size()), 10) << "events a session";
  EXPECT_LT(kEvents / static_cast<double>(sessions.size()), 60);
  EXPECT_GT(songs["Shape of You"], 5'000) << "the first of 10,000 songs has about a tenth";
  EXPECT_GT(songs.size(), 3'000);
}

TEST(RealisticProfile, TheCatalogueHasAsManySongsAsWanted) {
  SimulationSpec spec = spec_of(Profile::realistic, 5'000);
  spec.songs = 7;
  std::set<std::string> songs;
  for (const auto& event : generate(spec)) songs.insert(event.song_name);
  EXPECT_EQ(songs.size(), 7);
}

TEST(RealisticProfile, PopularityIsAsUnequalAsWanted) {
  const auto plays_of_the_first = [](double exponent) {
    SimulationSpec spec = spec_of(Profile::realistic, 20'000);
    spec.songs = 100;
    spec.popularity_exponent = exponent;
    std::map<std::string, int> songs;
    for (const auto& event : generate(spec)) ++songs[event.song_name];
    return songs["Shape of You"];
  };
  EXPECT_LT(plays_of_the_first(0), 600) << "all 100 songs have the same share";
  EXPECT_GT(plays_of_the_first(2), 8'000) << "the first has six tenths";
}

TEST(EveryProfile, HasAsManyListenersAsWanted) {
  for (const Profile profile : {Profile::seed, Profile::realistic, Profile::listeners}) {
    SimulationSpec spec = spec_of(profile, 2'000);
    spec.users = 3;
    std::set<Uuid> users;
    for (const auto& event : generate(spec)) users.insert(event.user_id);
    EXPECT_EQ(users.size(), 3);
  }
}

TEST(RealisticProfile, ListenersJoinOverTimeNotAllAtOnce) {
  SimulationSpec spec = spec_of(Profile::realistic, 1'000);
  spec.users = kUsersMax;
  std::set<Uuid> users;
  for (const auto& event : generate(spec)) users.insert(event.user_id);
  EXPECT_LE(users.size(), 1'000);
}

TEST(SimulationSpec, SettingsOutOfRangeAreNamed) {
  const auto refused = [](auto change, std::string_view setting) {
    SimulationSpec spec = spec_of(Profile::realistic, 1);
    change(spec);
    const auto source = open_source(spec);
    ASSERT_FALSE(source) << setting;
    EXPECT_EQ(source.error().kind, ErrorKind::misconfigured);
    EXPECT_NE(source.error().message.find(setting), std::string::npos) << source.error().message;
  };
  refused([](SimulationSpec& spec) { spec.users = kUsersMax + 1; }, "users");
  refused([](SimulationSpec& spec) { spec.rate = -1; }, "rate");
  refused([](SimulationSpec& spec) { spec.rate = std::nan(""); }, "rate");
  refused([](SimulationSpec& spec) { spec.speed = -1; }, "speed");
  refused([](SimulationSpec& spec) { spec.songs = 0; }, "songs");
  refused([](SimulationSpec& spec) { spec.popularity_exponent = 5; }, "popularity");
  refused([](SimulationSpec& spec) { spec.start = UtcMillis{}; }, "start");
  refused([](SimulationSpec& spec) { spec.duration = -1ms; }, "duration");
}

}  // namespace
}  // namespace sdp::simulate
