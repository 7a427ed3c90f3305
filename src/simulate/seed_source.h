#pragma once

#include <vector>

#include "base/rng.h"
#include "event/catalogue.h"
#include "simulate/event_source.h"

namespace sdp::simulate {

/// Profile `seed`: type, song, user, device and country drawn uniformly and independently, events evenly
/// spaced.
class SeedSource final : public SimulatedSource {
 public:
  explicit SeedSource(const SimulationSpec& spec);

 private:
  void produce(event::ListeningEvent& event) override;

  std::vector<event::Song> songs_;
  std::vector<Uuid> users_;
  Rng rng_;
  UtcMillis start_;
  double interval_ms_;
  std::uint64_t produced_ = 0;
};

}  // namespace sdp::simulate
