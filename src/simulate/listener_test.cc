#include "simulate/listener.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace sdp::simulate {
namespace {

using event::EventType;
using event::ListeningEvent;

constexpr std::int64_t kFirst = 1'771'113'600'000;

std::vector<ListeningEvent> life(std::uint64_t seed, int events) {
  const Repertoire repertoire{event::catalogue(50), Popularity(50, 1.0), 21'600'000.0};
  Listener listener(repertoire, Rng(seed), Rng(seed + 1'000), kFirst);
  std::vector<ListeningEvent> list;
  ListeningEvent event;
  for (int i = 0; i < events; ++i) {
    const std::int64_t due = listener.due();
    listener.act(repertoire, event);
    EXPECT_EQ(event.timestamp.time_since_epoch().count(), due);
    EXPECT_GT(listener.due(), due);
    list.push_back(event);
  }
  return list;
}

/// A second, independent reading of the rules: what a player would allow.
class Player {
 public:
  void follow(const ListeningEvent& event) {
    ASSERT_GE(*event.position_ms, 0);
    ASSERT_LE(*event.position_ms, *event.duration_ms);
    if (event.event_type == EventType::play) {
      if (*event.position_ms > 0) {
        ASSERT_TRUE(paused_) << "playing on without a pause";
        ASSERT_EQ(event.song_id, song_);
        ASSERT_EQ(*event.position_ms, position_) << "playing on where the pause was";
        ASSERT_EQ(*event.session_id, session_);
        ++played_on_;
      } else {
        added_ = false;
      }
      playing_ = true;
      paused_ = false;
      song_ = event.song_id;
      session_ = *event.session_id;
      position_ = *event.position_ms;
      since_ = event.timestamp;
      return;
    }
    ASSERT_TRUE(playing_) << name(event.event_type) << " while nothing plays";
    ASSERT_EQ(event.song_id, song_);
    ASSERT_EQ(*event.session_id, session_);
    ASSERT_EQ(*event.position_ms, position_ + (event.timestamp - since_).count())
        << "position follows the time played";
    if (event.event_type == EventType::add_to_playlist) {
      ASSERT_FALSE(added_) << "added twice";
      added_ = true;
      return;
    }
    playing_ = false;
    paused_ = event.event_type == EventType::pause;
    position_ = *event.position_ms;
  }

  int played_on() const { return played_on_; }

 private:
  bool playing_ = false;
  bool paused_ = false;
  bool added_ = false;
  Uuid song_;
  std::string session_;
  std::int64_t position_ = 0;
  UtcMillis since_;
  int played_on_ = 0;
};

TEST(Listener, DoesOnlyWhatAPlayerAllows) {
  int played_on = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Player player;
    for (const auto& event : life(seed, 1'000)) {
      player.follow(event);
      if (testing::Test::HasFatalFailure()) FAIL() << "listener " << seed;
    }
    played_on += player.played_on();
  }
  EXPECT_GT(played_on, 1'000) << "pauses must occur, or the test says nothing";
}

TEST(Listener, KeepsCountryAndVersionAndChangesDeviceOnlyBetweenSessions) {
  const auto events = life(4, 5'000);
  int device_changes = 0;
  for (std::size_t i = 1; i < events.size(); ++i) {
    EXPECT_EQ(events[i].user_id, events[0].user_id);
    EXPECT_EQ(events[i].country, events[0].country);
    EXPECT_EQ(events[i].app_version, events[0].app_version);
    if (events[i].device_type == events[i - 1].device_type) continue;
    ++device_changes;
    EXPECT_NE(events[i].session_id, events[i - 1].session_id);
  }
  EXPECT_GT(device_changes, 0);
}

TEST(Listener, SkipsMostlyEarlyInASong) {
  int early = 0, all = 0;
  for (const auto& event : life(9, 20'000)) {
    if (event.event_type != EventType::skip) continue;
    ++all;
    early += *event.position_ms < 30'000;
  }
  EXPECT_GT(early * 2, all);
}

TEST(Listener, BeginsAtItsFirstTimeWithAPlay) {
  const auto events = life(11, 1);
  EXPECT_EQ(events[0].event_type, EventType::play);
  EXPECT_EQ(events[0].position_ms, 0);
  EXPECT_EQ(events[0].timestamp.time_since_epoch().count(), kFirst);
}

}  // namespace
}  // namespace sdp::simulate
