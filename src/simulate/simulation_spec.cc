#include "simulate/simulation_spec.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/utc_time.h"
#include "event/catalogue.h"
#include "simulate/listeners_span.h"

namespace sdp::simulate {
namespace {

constexpr std::uint32_t kSeedUsers = 20;
constexpr std::uint32_t kListeners = 1'000;

// What listeners of profile realistic do on average; simulation_spec_test measures it.
constexpr double kSessionEvents = 18.3;
constexpr double kSessionMs = 25 * 60'000.0;
constexpr double kSessionGapMinMs = 60'000;
/// By how much the events of a simulation end before now, so that few end after it: in parts of the square
/// root of the number of sessions, with which their share of events varies.
constexpr double kUsersMargin = 3;
/// Below it records of other classes than `oversize` would be too large, too.
constexpr std::size_t kFaultyValueBytesMin = 2'000;
constexpr double kYearMs = 366.0 * 86'400'000;

std::uint32_t users_of(const SimulationSpec& spec) {
  if (spec.users > 0) return spec.users;
  return spec.profile == Profile::seed ? kSeedUsers : kListeners;
}

/// How long the events take, in milliseconds: what is most likely, and a margin.
double realistic_span_ms(const SimulationSpec& spec) {
  const double sessions = static_cast<double>(spec.events) / kSessionEvents;
  const double cycle = kSessionMs + static_cast<double>(spec.session_gap.count());
  return sessions * cycle / users_of(spec) * (1 + kUsersMargin / std::sqrt(sessions));
}

std::unexpected<Error> out_of_range(std::string_view setting, auto value, auto low, auto high) {
  return fail(ErrorKind::misconfigured,
              fmt::format("simulation: {} is {}; it must be from {} to {}", setting, value, low, high));
}

/// False for not-a-number, too.
bool within(double value, double low, double high) {
  return value >= low && value <= high;
}

}  // namespace

Result<SimulationSpec> checked(SimulationSpec spec) {
  spec.users = users_of(spec);
  if (spec.users > kUsersMax) return out_of_range("users", spec.users, 1, kUsersMax);
  if (!within(spec.rate, 0, kRateMax)) return out_of_range("rate", spec.rate, 0, kRateMax);
  if (!within(spec.speed, 0, kRateMax)) return out_of_range("speed", spec.speed, 0, kRateMax);
  if (spec.songs == 0 || spec.songs > event::kCatalogueMax) {
    return out_of_range("songs", spec.songs, 1, event::kCatalogueMax);
  }
  if (!within(spec.popularity_exponent, 0, kPopularityExponentMax)) {
    return out_of_range("popularity exponent", spec.popularity_exponent, 0, kPopularityExponentMax);
  }
  if (spec.start < kFirstTime || spec.start >= kEndOfTime) {
    return out_of_range("start", base::format_iso(spec.start), base::format_iso(kFirstTime),
                        base::format_iso(kEndOfTime - std::chrono::milliseconds(1)));
  }
  const std::chrono::milliseconds duration_max = kEndOfTime - kFirstTime;
  if (spec.duration.count() < 0 || spec.duration > duration_max) {
    return out_of_range("duration in ms", spec.duration.count(), 0, duration_max.count());
  }
  if (const auto fault = fault_of(spec.behaviour))
    return fail(ErrorKind::misconfigured, fmt::format("simulation: {} {}", fault->key, fault->what));
  for (const FaultClass& one : kFaultClasses) {
    const double rate = spec.faults.rates[one.fault];
    if (!within(rate, 0, 1)) return out_of_range(fmt::format("fault {}", one.name), rate, 0, 1);
  }
  if (spec.faults.rates.any() && spec.faults.value_bytes_max < kFaultyValueBytesMin) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("simulation: with faults, the largest value that the sink takes must have {} bytes or "
                    "more, and it has {}; raise --value-bytes-max",
                    kFaultyValueBytesMin, spec.faults.value_bytes_max));
  }
  return spec;
}

UtcMillis end_time(const SimulationSpec& spec) {
  return spec.duration.count() > 0 ? std::min(spec.start + spec.duration, kEndOfTime) : kEndOfTime;
}

double seed_interval_ms(const SimulationSpec& spec) {
  if (spec.rate > 0) return 1'000.0 / spec.rate;
  if (spec.events > 0 && spec.duration.count() > 0) {
    return static_cast<double>(spec.duration.count()) / static_cast<double>(spec.events);
  }
  return static_cast<double>(kSeedInterval.count());
}

SimulationSpec ending_at(SimulationSpec spec, UtcMillis now, std::uint32_t days) {
  if (spec.profile == Profile::listeners && spec.duration.count() == 0) {
    spec.users = users_of(spec);
    return listeners_ending_at(std::move(spec), now, days);
  }
  const std::chrono::milliseconds wanted = std::chrono::days(days);
  const bool realistic = spec.profile == Profile::realistic;
  if (days > 0 && !realistic) spec.duration = wanted;
  if (days > 0 && realistic) {
    // The span grows by its own length with each further cycle of session and gap.
    spec.session_gap = std::chrono::milliseconds(0);
    const double cycle = kSessionMs * static_cast<double>(wanted.count()) / realistic_span_ms(spec);
    spec.session_gap =
        std::chrono::milliseconds(std::llround(std::max(cycle - kSessionMs, kSessionGapMinMs)));
  }
  const double span = spec.duration.count() > 0 ? static_cast<double>(spec.duration.count())
                      : realistic               ? realistic_span_ms(spec)
                                                : static_cast<double>(spec.events) * seed_interval_ms(spec);
  spec.start = now - std::chrono::milliseconds(std::llround(std::min(span, kYearMs)));
  return spec;
}

}  // namespace sdp::simulate
