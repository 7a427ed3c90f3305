#pragma once

#include <vector>

#include "base/rng.h"
#include "event/catalogue.h"
#include "event/listening_event.h"
#include "simulate/popularity.h"

namespace sdp::simulate {

/// What all listeners choose from.
struct Repertoire {
  std::vector<event::Song> songs;
  Popularity popularity;
  /// Mean time between two sessions of a listener, in milliseconds.
  double session_gap_ms = 0;
};

/// One listener as a state machine over sessions: a song is played from its start; while it plays it can be
/// skipped (most skips come early), paused, added to the playlist (once), or run to its end, which is not
/// an event of its own. A paused song is played on, as a `play` at the position of the pause, or the session
/// ends. `position_ms` follows the time played, and never passes the song's length. Values only: each
/// decision draws from the listener's own generator, so what one listener does depends on no other.
class Listener {
 public:
  /// `identity` decides who this is, `rng` what happens; the first session begins at `first` (UTC, ms).
  Listener(const Repertoire& repertoire, Rng identity, Rng rng, std::int64_t first);

  /// When its next event happens.
  std::int64_t due() const { return due_; }
  /// Writes the event due now and decides on the one after it, which is later by at least a millisecond.
  void act(const Repertoire& repertoire, event::ListeningEvent& event);

 private:
  enum class Action : std::uint8_t { play, play_on, pause, skip, add };

  std::int64_t position() const;
  void write(const event::Song& song, event::ListeningEvent& event);
  void decide(const Repertoire& repertoire);

  void plan(Action action, std::int64_t delay);
  void plan_while_playing(const Repertoire& repertoire);
  void plan_while_paused(const Repertoire& repertoire);
  void plan_next_song(const Repertoire& repertoire, std::int64_t delay);
  void plan_session(const Repertoire& repertoire, std::int64_t delay);
  std::int64_t skip_delay(std::int64_t remaining);
  std::int64_t wait(double mean_ms);

  Rng rng_;
  Uuid user_;
  std::uint64_t session_ = 0;
  std::int64_t due_;
  /// Position when the song last began to play, was added or paused, and when that was.
  std::int64_t mark_position_ = 0;
  std::int64_t mark_time_ = 0;
  std::uint32_t song_ = 0;
  std::uint32_t songs_left_ = 0;
  event::Country country_;
  event::DeviceType home_device_;
  event::DeviceType device_;
  std::uint8_t app_version_;
  Action action_ = Action::play;
  bool added_ = false;
};

}  // namespace sdp::simulate
