#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "event/fields.h"
#include "simulate/behaviour.h"
#include "simulate/fault_classes.h"

namespace sdp::simulate {

enum class Profile {
  seed,       ///< Six songs, every field drawn uniformly and on its own.
  realistic,  ///< Listeners with sessions over a large catalogue of unequal popularity.
  listeners,  ///< The same by measured behaviour, which can be set.
};

/// What to simulate. The same spec gives the same bytes; nothing else enters, the wall clock least of all.
struct SimulationSpec {
  Profile profile = Profile::seed;
  /// Who the listeners are depends on the seed alone, what they do on seed and start: a later run with the
  /// same seed has the same listeners and new events.
  std::uint64_t seed = 1;
  /// Event time of the beginning.
  UtcMillis start{};
  /// Stop after this many; 0 = no such limit.
  std::uint64_t events = 0;
  /// Stop when this much event time has passed; 0 = no such limit.
  std::chrono::milliseconds duration{0};
  /// Events sent a second; 0 = as fast as possible.
  double rate = 0;
  /// Seconds of event time a second, 1 = live; 0 = not paced by event time. With a rate too, both hold.
  double speed = 0;
  /// 0 = the profile's own number.
  std::uint32_t users = 0;
  /// Profiles realistic and listeners: size of the catalogue.
  std::uint32_t songs = 10'000;
  /// Profile realistic: the k-th song is played in proportion to 1 / k^exponent.
  double popularity_exponent = 1.0;
  /// Profile realistic: mean time between two sessions of a listener.
  std::chrono::milliseconds session_gap = std::chrono::hours(6);
  /// Profile listeners: all of what they do.
  Behaviour behaviour{};
  FaultSpec faults{};
};

constexpr UtcMillis first_of(int year) {
  return std::chrono::sys_days(std::chrono::year(year) / std::chrono::January / 1);
}

/// The times that an event may have: from the first to before the second.
inline constexpr UtcMillis kFirstTime = first_of(event::kYearMin);
inline constexpr UtcMillis kEndOfTime = first_of(event::kYearMax + 1);

inline constexpr std::uint32_t kUsersMax = 10'000'000;
inline constexpr double kRateMax = 10'000'000;
inline constexpr double kPopularityExponentMax = 4;
/// Event time between two events of the seed profile when neither rate nor duration tells it.
inline constexpr std::chrono::milliseconds kSeedInterval{1};

/// The spec with defaults filled in, or `misconfigured` naming the setting that is out of its range.
Result<SimulationSpec> checked(SimulationSpec spec);

/// Where event time ends: start + duration, and in any case before the year the format cannot hold.
UtcMillis end_time(const SimulationSpec& spec);

/// Event time between two events of the seed profile, in milliseconds: 1 / rate, or duration / events, or
/// kSeedInterval.
double seed_interval_ms(const SimulationSpec& spec);

/// The spec with a start that makes its last event come about `now`, and hardly ever later. It has a number
/// of events. With `days` > 0 the events are spread over that many days: those of the seed profile further
/// apart, those of the others by listeners who come back less often. More events than the listeners
/// can cause in that time take longer, and begin earlier.
SimulationSpec ending_at(SimulationSpec spec, UtcMillis now, std::uint32_t days);

}  // namespace sdp::simulate
