#include "simulate/simulation_spec.h"

#include <fmt/core.h>

#include "base/utc_time.h"
#include "event/catalogue.h"
#include "event/fields.h"

namespace sdp::simulate {
namespace {

constexpr std::uint32_t kSeedUsers = 20;
constexpr std::uint32_t kRealisticUsers = 1'000;

constexpr UtcMillis first_of(int year) {
  return std::chrono::sys_days(std::chrono::year(year) / std::chrono::January / 1);
}

constexpr UtcMillis kFirstTime = first_of(event::kYearMin);
constexpr UtcMillis kEndOfTime = first_of(event::kYearMax + 1);

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
  if (spec.users == 0) spec.users = spec.profile == Profile::seed ? kSeedUsers : kRealisticUsers;
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

}  // namespace sdp::simulate
