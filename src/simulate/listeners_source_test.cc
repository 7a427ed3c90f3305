#include "simulate/listeners_source.h"

#include <gtest/gtest.h>

#include <map>

#include "base/sha256.h"
#include "event/decode.h"
#include "event/encode.h"

namespace sdp::simulate {
namespace {

using event::EventType;
using event::ListeningEvent;
using namespace std::chrono_literals;

SimulationSpec spec_of(std::uint64_t events) {
  return {.profile = Profile::listeners,
          .start = std::chrono::sys_days(std::chrono::year(2026) / 2 / 16),
          .events = events};
}

template <typename Each>
void each_event(const SimulationSpec& spec, const Each& each) {
  const auto source = open_source(spec);
  ASSERT_TRUE(source) << source.error().message;
  ListeningEvent event;
  while ((*source)->next(event)) each(event);
}

// A changed hash is a changed stream: everybody's demos change with it. The same on every machine: no maths
// library stands between seed and bytes.
TEST(ListenersGolden, TheFirstHundredThousandEventsAreFixed) {
  std::string bytes;
  each_event(spec_of(100'000), [&](const ListeningEvent& event) {
    event::append_json(bytes, event);
    bytes.push_back('\n');
  });
  EXPECT_EQ(base::sha256_hex(bytes), "8bc1ec19085b2ff7d2b09457565e38325b6a5b772b6e8cbc6f2866bbd7f88622");
}

/// A second, independent reading of the rules: what a player would allow.
class FollowedSession {
 public:
  void follow(const ListeningEvent& event) {
    ASSERT_GE(*event.position_ms, 0);
    ASSERT_LE(*event.position_ms, *event.duration_ms);
    ASSERT_GT(event.timestamp, last_);
    last_ = event.timestamp;
    if (event.event_type == EventType::play) {
      if (*event.position_ms > 0) {
        ASSERT_TRUE(paused_) << "playing on without a pause";
        ASSERT_EQ(event.song_id, song_);
        ASSERT_EQ(*event.position_ms, position_) << "playing on where the pause was";
      } else {
        ASSERT_FALSE(paused_);
        ASSERT_TRUE(!playing_ || event.timestamp > ends_) << "a song begins while another plays";
        added_ = false;
        ASSERT_TRUE(first_ || event.device_type == device_);
      }
      device_ = event.device_type;
      playing_ = true;
      paused_ = first_ = false;
      song_ = event.song_id;
      position_ = *event.position_ms;
      since_ = event.timestamp;
      ends_ = since_ + std::chrono::milliseconds(*event.duration_ms - position_);
      return;
    }
    ASSERT_TRUE(playing_) << name(event.event_type) << " while nothing plays";
    ASSERT_EQ(event.song_id, song_);
    ASSERT_EQ(event.device_type, device_);
    ASSERT_EQ(*event.position_ms, position_ + (event.timestamp - since_).count());
    if (event.event_type == EventType::add_to_playlist) {
      ASSERT_FALSE(added_) << "added twice";
      added_ = true;
      return;
    }
    playing_ = false;
    paused_ = event.event_type == EventType::pause;
    position_ = *event.position_ms;
  }

 private:
  bool playing_ = false;
  bool paused_ = false;
  bool added_ = false;
  bool first_ = true;
  Uuid song_;
  event::DeviceType device_ = event::DeviceType::mobile;
  std::int64_t position_ = 0;
  UtcMillis since_;
  UtcMillis ends_;
  UtcMillis last_;
};

TEST(Listeners, DoOnlyWhatAPlayerAllows) {
  SimulationSpec spec = spec_of(200'000);
  spec.behaviour.added = 0.5;
  spec.behaviour.pauses_an_hour = 60;
  spec.behaviour.handed_over = 0.5;
  std::map<std::string, FollowedSession> sessions;
  each_event(spec, [&](const ListeningEvent& event) {
    if (testing::Test::HasFatalFailure()) return;
    sessions[*event.session_id].follow(event);
  });
}

TEST(Listeners, AreInOneSessionAtATime) {
  SimulationSpec spec = spec_of(100'000);
  spec.users = 20;
  spec.behaviour.sessions_a_day = 24;
  std::map<Uuid, std::string> session_of;
  std::map<std::string, int> changes;
  each_event(spec, [&](const ListeningEvent& event) {
    std::string& session = session_of[event.user_id];
    if (session == *event.session_id) return;
    session = *event.session_id;
    ++changes[session];
  });
  for (const auto& [session, count] : changes)
    ASSERT_EQ(count, 1) << session << " was left and taken up again";
}

/// Follows from shares of skips and lengths of songs alone; P. Lamere measured 14 to 15.
TEST(Listeners, SkipFourteenTimesAnHour) {
  SimulationSpec spec = spec_of(0);
  spec.duration = 7 * 24h;
  spec.users = 200;
  spec.behaviour.bots = 0;
  std::map<std::string, std::pair<UtcMillis, UtcMillis>> sessions;
  double skips = 0, hours = 0;
  each_event(spec, [&](const ListeningEvent& event) {
    skips += event.event_type == EventType::skip;
    const auto [place, is_new] = sessions.try_emplace(*event.session_id, event.timestamp, event.timestamp);
    place->second.second = event.timestamp;
  });
  for (const auto& [id, times] : sessions)
    hours += std::chrono::duration<double, std::ratio<3600>>(times.second - times.first).count();
  EXPECT_GT(skips / hours, 12);
  EXPECT_LT(skips / hours, 17);
}

TEST(Listeners, WhoHasNoListenersLeftStillEnds) {
  SimulationSpec spec = spec_of(0);
  spec.users = 3;
  spec.duration = 90 * 24h;
  spec.behaviour.joining = 0;
  spec.behaviour.leaving = 1;
  std::map<Uuid, UtcMillis> last;
  each_event(spec, [&](const ListeningEvent& event) { last[event.user_id] = event.timestamp; });
  EXPECT_EQ(last.size(), 3);
}

TEST(Listeners, BehaviourThatDoesNotFitIsRefused) {
  SimulationSpec spec = spec_of(1);
  spec.behaviour.songs = 0;
  const auto source = open_source(spec);
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().kind, ErrorKind::misconfigured);
  EXPECT_NE(source.error().message.find("sessions.songs"), std::string::npos) << source.error().message;
}

class Extremes : public testing::TestWithParam<std::string_view> {};
INSTANTIATE_TEST_SUITE_P(
    Files, Extremes,
    testing::Values(
        "skip.before_end = 0\nskip.within_30s = 0\nskip.within_5s = 0\n",
        "skip.before_end = 0.98\nskip.song_spread = 1\n", "bots.share = 1\nbots.heard_s = 119\n",
        "devices.handed_over = 1\n", "pauses.per_hour = 3600\npauses.left = 0\n", "sessions.added = 1\n",
        "sessions.per_day = 24\nsessions.songs = 1000\n", "releases.per_day = 0.01\nreleases.new_plays = 1\n",
        "spikes.per_week = 50\nspikes.plays = 0.5\nspikes.half_life_h = 1000\n",
        "taste.genres = 64\ntaste.favourite = 1\n", "popularity.breaks = []\npopularity.exponents = [8]\n",
        "listeners.joining = 1\nlisteners.leaving = 1\n",
        "devices.shares = [1, 0, 0]\ndevices.handed_over = 1\n", "devices.shares = [0.001, 1000000, 0]\n"));

TEST_P(Extremes, GiveValidEventsInOrder) {
  for (const std::uint32_t songs : {1U, 7U, 2'000U}) {
    SimulationSpec spec = spec_of(5'000);
    spec.users = 50;
    spec.songs = songs;
    const auto behaviour = behaviour_of(GetParam(), "test.toml");
    ASSERT_TRUE(behaviour) << behaviour.error().message;
    spec.behaviour = *behaviour;
    UtcMillis last = spec.start;
    std::uint64_t events = 0;
    event::Decoder decoder;
    std::string json;
    each_event(spec, [&](const ListeningEvent& event) {
      ASSERT_GE(event.timestamp, last);
      last = event.timestamp;
      json.clear();
      event::append_json(json, event);
      ASSERT_TRUE(decoder.decode(json).value());
      ++events;
    });
    EXPECT_EQ(events, 5'000);
  }
}

}  // namespace
}  // namespace sdp::simulate
