#pragma once

#include <queue>
#include <vector>

#include "simulate/event_source.h"
#include "simulate/listener.h"

namespace sdp::simulate {

/// Profile `realistic`: listeners who begin their first sessions over time, in a queue by the time of their
/// next event. A listener takes memory (about 130 bytes) from the first session on; the song list about 150
/// bytes a song.
class RealisticSource final : public SimulatedSource {
 public:
  explicit RealisticSource(const SimulationSpec& spec);

 private:
  /// Ordered by time, at the same time by number, so that the order never depends on the queue's inside.
  struct Turn {
    std::int64_t due = 0;
    std::uint32_t listener = 0;

    auto operator<=>(const Turn&) const = default;
  };

  void produce(event::ListeningEvent& event) override;
  bool next_one_joins() const;
  void join();

  Repertoire repertoire_;
  Rng identities_;
  Rng happenings_;
  Rng arrivals_;
  std::uint32_t users_;
  double next_arrival_;
  std::vector<Listener> listeners_;
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns_;
};

}  // namespace sdp::simulate
