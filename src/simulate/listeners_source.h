#pragma once

#include <vector>

#include "simulate/charts.h"
#include "simulate/event_source.h"
#include "simulate/habits.h"
#include "simulate/player.h"
#include "simulate/population.h"
#include "simulate/turn_queue.h"

namespace sdp::simulate {

/// Mix `listeners`: what docs/formats/behaviour.md describes. Sessions begin one after the other, by the
/// keenness of all listeners together; only who listens just now takes memory (about 200 bytes), everybody
/// else a bit. All of it is arithmetic on whole numbers: the same spec gives the same bytes on any machine.
class ListenersSource final : public SimulatedSource {
 public:
  explicit ListenersSource(const SimulationSpec& spec);

 private:
  void produce(event::ListeningEvent& event) override;
  std::int64_t arrival_ms() const;
  void plan_arrival();
  void arrive();
  void advance(std::int64_t now_ms);
  void begin_session(std::uint32_t number, const Person& person, event::DeviceType device,
                     std::int64_t now_ms);
  void end_session(std::uint32_t slot);

  Habits habits_;
  Population population_;
  std::vector<event::Song> songs_;
  Charts charts_;
  Rng happenings_;
  Rng arrivals_;
  std::int64_t start_ms_;
  std::int64_t end_ms_;
  std::uint64_t joining_;
  std::uint64_t leaving_;
  std::uint32_t users_;

  /// Listeners are those from the first number up to the second.
  std::uint64_t left_ = 0;
  std::uint64_t joined_ = 0;
  /// Between two arrivals, in parts of 2^20 of a millisecond.
  std::uint64_t arrival_gap_ = 0;
  std::uint64_t next_arrival_;
  std::int64_t minute_ = -1;

  std::uint64_t sessions_ = 0;
  std::vector<bool> listens_;
  std::vector<Player> players_;
  std::vector<std::uint32_t> free_slots_;
  TurnQueue turns_;
};

/// Which generators a spec's listeners and catalogue are made by: for those who need to know who did what.
Population population_of(const SimulationSpec& spec);
Charts charts_of(const SimulationSpec& spec);

}  // namespace sdp::simulate
