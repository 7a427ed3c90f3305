#pragma once

#include <cstdint>
#include <vector>

#include "base/rng.h"
#include "event/catalogue.h"
#include "event/listening_event.h"
#include "simulate/charts.h"
#include "simulate/habits.h"
#include "simulate/population.h"

namespace sdp::simulate {

/// What players go by.
struct Stage {
  const Habits& habits;
  const Charts& charts;
  const std::vector<event::Song>& songs;
};

/// One session as a state machine. A song plays until it is skipped or ends, which is not an event of its
/// own; meanwhile it can be added to the playlist, paused and played on, and moved to another device, as a
/// pause here and a play there. Where a song stops is decided when it begins. Values only.
class Player {
 public:
  /// The session begins now. `number` is the listener's.
  Player(const Stage& stage, const Person& person, std::uint32_t number, event::DeviceType device,
         std::int64_t now_ms, Rng rng);

  /// When something happens next.
  std::int64_t due() const { return due_; }
  std::uint32_t number() const { return number_; }
  /// True when that is the end of the session, which is not told by an event.
  bool ends() const { return action_ == Action::end; }
  /// Writes the event due now and decides on what comes after it, at least a millisecond later.
  void act(const Stage& stage, event::ListeningEvent& event);

 private:
  enum class Action : std::uint8_t { play, play_on, pause, skip, add, end };

  std::uint32_t position() const;
  void write(const Stage& stage, event::ListeningEvent& event);
  void decide(const Stage& stage);
  void plan(Action action, std::uint64_t delay);
  void plan_while_playing(const Stage& stage);
  void plan_while_paused(const Stage& stage);
  void plan_next_song(const Stage& stage, std::uint64_t delay);
  void begin_song(const Stage& stage);
  bool may_skip(const Stage& stage, std::int64_t now_ms);
  std::uint32_t skip_position(const Stage& stage, std::uint32_t duration);
  event::DeviceType other_device(const Stage& stage);

  Rng rng_;
  Person person_;
  std::uint64_t session_;
  std::int64_t due_;
  /// Position at the last event of the song, and when that was.
  std::int64_t mark_time_ = 0;
  std::uint32_t mark_position_ = 0;
  std::uint32_t number_;
  std::uint32_t song_ = 0;
  std::uint32_t songs_left_;
  /// Where this song stops, is added, is handed over. Past the end: never.
  std::uint32_t stop_at_ = 0;
  std::uint32_t add_at_ = 0;
  std::uint32_t hand_over_at_ = 0;
  /// Songs until the one that is handed over; 0: none is.
  std::uint32_t hand_over_in_ = 0;
  std::uint32_t songs_since_advert_ = 0;
  std::uint32_t skips_ = 0;  ///< since hour_begin_
  std::int64_t hour_begin_ = 0;
  event::DeviceType device_;
  Action action_ = Action::play;
  bool skips_this_ = false;
  bool handing_over_ = false;
};

}  // namespace sdp::simulate
