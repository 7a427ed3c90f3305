#include "simulate/listener.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "simulate/listening.h"

namespace sdp::simulate {
namespace {

using event::DeviceType;
using event::EventType;

constexpr double kSongsMean = 14;      // a session
constexpr double kHomeDevice = 0.8;    // of the sessions
constexpr double kSkippedEarly = 0.3;  // of the songs begun
constexpr double kSkippedLate = 0.2;   // of the songs played on or past an event
constexpr double kEarlySkipMeanMs = 7'000;
constexpr double kPauseMeanMs = 720'000;  // of playing until a pause
constexpr double kPausedMeanMs = 45'000;
constexpr double kLeftWhilePaused = 0.15;  // of the pauses
constexpr double kAdded = 0.06;            // of the songs
constexpr double kThinkMeanMs = 1'500;     // from a skip to the next song
constexpr std::int64_t kAutoplayMs = 120;  // from a song's end to the next

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

struct CountryShare {
  event::Country country;
  std::uint32_t percent = 0;
};

constexpr CountryShare kCountryShares[] = {{{{'U', 'S'}}, 30}, {{{'I', 'N'}}, 18}, {{{'B', 'R'}}, 10},
                                           {{{'U', 'K'}}, 9},  {{{'D', 'E'}}, 8},  {{{'M', 'X'}}, 7},
                                           {{{'C', 'A'}}, 5},  {{{'F', 'R'}}, 5},  {{{'E', 'S'}}, 3},
                                           {{{'J', 'P'}}, 3},  {{{'A', 'U'}}, 2}};

constexpr std::string_view kAppVersions[] = {"9.0.46", "9.1.2", "9.1.10", "9.2.0"};

event::Country draw_country(Rng& rng) {
  auto rest = static_cast<std::uint32_t>(rng.below(100));
  for (const auto& [country, percent] : kCountryShares) {
    if (rest < percent) return country;
    rest -= percent;
  }
  std::unreachable();
}

DeviceType draw_device(Rng& rng) {
  const auto percent = rng.below(100);
  return percent < 68 ? DeviceType::mobile : percent < 88 ? DeviceType::desktop : DeviceType::web;
}

}  // namespace

Listener::Listener(const Repertoire& repertoire, Rng identity, Rng rng, std::int64_t first)
    : rng_(rng),
      user_(base::uuid4(identity)),
      due_(first),
      country_(draw_country(identity)),
      home_device_(draw_device(identity)),
      device_(home_device_),
      app_version_(static_cast<std::uint8_t>(identity.below(std::size(kAppVersions)))) {
  plan_session(repertoire, 0);
}

void Listener::act(const Repertoire& repertoire, event::ListeningEvent& event) {
  write(repertoire.songs[song_], event);
  decide(repertoire);
}

std::int64_t Listener::position() const {
  const bool was_playing = action_ != Action::play && action_ != Action::play_on;
  return mark_position_ + (was_playing ? due_ - mark_time_ : 0);
}

void Listener::write(const event::Song& song, event::ListeningEvent& event) {
  constexpr EventType kTypes[] = {EventType::play, EventType::play, EventType::pause, EventType::skip,
                                  EventType::add_to_playlist};
  simulate::write({.event_id = base::uuid4(rng_),
                   .type = kTypes[std::to_underlying(action_)],
                   .user = user_,
                   .device = device_,
                   .country = country_,
                   .at_ms = due_,
                   .session = session_,
                   .position_ms = position(),
                   .app_version = kAppVersions[app_version_]},
                  song, event);
}

void Listener::decide(const Repertoire& repertoire) {
  mark_position_ = position();
  mark_time_ = due_;
  switch (action_) {
    case Action::add:
      added_ = true;
      return plan_while_playing(repertoire);
    case Action::play:
    case Action::play_on:
      return plan_while_playing(repertoire);
    case Action::pause:
      return plan_while_paused(repertoire);
    case Action::skip:
      return plan_next_song(repertoire, wait(kThinkMeanMs));
  }
}

void Listener::plan(Action action, std::int64_t delay) {
  action_ = action;
  due_ += delay;
}

/// What comes first of skip, pause and add happens, unless the song ends before.
void Listener::plan_while_playing(const Repertoire& repertoire) {
  const std::int64_t remaining = repertoire.songs[song_].duration_ms - mark_position_;
  const std::int64_t skip = skip_delay(remaining);
  const std::int64_t pause = wait(kPauseMeanMs);
  const std::int64_t add =
      !added_ && rng_.chance(kAdded)
          ? 1 + static_cast<std::int64_t>(rng_.uniform() * static_cast<double>(remaining))
          : kNever;
  const std::int64_t first = std::min({skip, pause, add});
  if (first >= remaining) return plan_next_song(repertoire, remaining + kAutoplayMs);
  plan(first == skip ? Action::skip : first == pause ? Action::pause : Action::add, first);
}

void Listener::plan_while_paused(const Repertoire& repertoire) {
  if (rng_.chance(kLeftWhilePaused)) {
    return plan_session(repertoire, wait(repertoire.session_gap_ms));
  }
  plan(Action::play_on, wait(kPausedMeanMs));
}

void Listener::plan_next_song(const Repertoire& repertoire, std::int64_t delay) {
  if (--songs_left_ == 0) return plan_session(repertoire, delay + wait(repertoire.session_gap_ms));
  song_ = repertoire.popularity.pick(rng_);
  mark_position_ = 0;
  added_ = false;
  plan(Action::play, delay);
}

void Listener::plan_session(const Repertoire& repertoire, std::int64_t delay) {
  session_ = rng_.next();
  songs_left_ = 2 + static_cast<std::uint32_t>(rng_.exponential(kSongsMean - 1));
  device_ = rng_.chance(kHomeDevice) ? home_device_ : draw_device(rng_);
  plan_next_song(repertoire, delay);
}

std::int64_t Listener::skip_delay(std::int64_t remaining) {
  if (mark_position_ == 0 && rng_.chance(kSkippedEarly)) return wait(kEarlySkipMeanMs);
  if (rng_.chance(kSkippedLate))
    return 1 + static_cast<std::int64_t>(rng_.uniform() * static_cast<double>(remaining));
  return kNever;
}

std::int64_t Listener::wait(double mean_ms) {
  return 1 + static_cast<std::int64_t>(rng_.exponential(mean_ms));
}

}  // namespace sdp::simulate
