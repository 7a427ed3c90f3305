#pragma once

#include <cstdint>
#include <vector>

#include "base/rng.h"
#include "event/listening_event.h"
#include "simulate/behaviour.h"
#include "simulate/draw.h"

namespace sdp::simulate {

/// Who a listener is. Nothing of it changes.
struct Person {
  Uuid user;
  std::uint8_t country = 0;  ///< of Behaviour::countries
  std::uint8_t type = 0;     ///< of Behaviour::types
  std::uint8_t age = 0;      ///< of Behaviour::ages
  std::uint8_t version = 0;  ///< of the player
  event::DeviceType home = event::DeviceType::mobile;
  bool pays = false;
  bool arm_b = false;
  bool bot = false;
  /// Where in [0, 1), in q32, of all plays its favourite genre is.
  std::uint32_t taste = 0;
};

/// Listeners by number. A person is a pure function of seed and number, so nobody who does nothing takes
/// memory.
class Population {
 public:
  Population(const Behaviour& behaviour, const Rng& identities);

  Person person(std::uint32_t number) const;

 private:
  Rng identities_;
  WeightedDraw countries_;
  WeightedDraw types_;
  WeightedDraw ages_;
  WeightedDraw devices_;
  std::uint64_t pays_;
  std::uint64_t arm_b_;
  std::uint64_t bot_;
};

inline constexpr std::uint32_t kVersions = 4;

}  // namespace sdp::simulate
