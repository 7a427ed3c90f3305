#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "event/listening_event.h"
#include "simulate/behaviour.h"
#include "simulate/draw.h"
#include "simulate/population.h"

namespace sdp::simulate {

inline constexpr std::int64_t kHourMs = 3'600'000;
inline constexpr std::int64_t kDayMs = 24 * kHourMs;
inline constexpr std::size_t kWeekHours = 168;
inline constexpr std::size_t kDevices = event::kDeviceTypes.size();

/// Hour of the week that begins on Monday.
constexpr std::size_t hour_of_week(std::int64_t ms) {
  constexpr std::int64_t kThursday = 72;  // 1970-01-01
  return static_cast<std::size_t>((ms / kHourMs + kThursday) % static_cast<std::int64_t>(kWeekHours));
}

/// A Behaviour as whole numbers, ready to be drawn from. Shares and factors are in q32, times in ms.
struct Habits {
  explicit Habits(const Behaviour& behaviour);

  /// How often a person begins sessions on a device at a time, beside the mean of all listeners.
  std::uint64_t keenness(const Person& person, event::DeviceType device, std::int64_t utc_ms) const;
  /// How many times as many sessions a person begins at a time, because of a holiday.
  std::uint64_t holiday_factor(const Person& person, std::int64_t utc_ms) const;
  /// Local time, in ms.
  std::int64_t local(const Person& person, std::int64_t utc_ms) const {
    return utc_ms + utc_offsets[person.country];
  }
  /// Share of songs that a person skips at a time, for a song like the mean.
  std::uint64_t skip_share(const Person& person, std::int64_t utc_ms) const {
    const std::size_t day = hour_of_week(local(person, utc_ms)) / 24;
    return skip_shares[person.arm_b ? 1 : 0][person.age][day];
  }

  std::vector<event::Country> countries;
  std::vector<std::int64_t> utc_offsets;

  std::uint64_t sessions_a_day = 0;
  /// The largest answer of keenness().
  std::uint64_t keenness_max = 0;
  WeightedDraw devices;
  std::uint64_t home_device = 0;
  std::uint64_t handed_over = 0;
  std::uint64_t hand_over_ms = 0;

  /// Of the songs after the first, as the mean of an exponential draw that is cut to whole songs.
  std::uint64_t more_songs = 0;
  std::uint64_t think_ms = 0;
  std::uint64_t autoplay_ms = 0;
  std::uint64_t added = 0;
  /// Of playing until a pause; 0: never.
  std::uint64_t pause_after_ms = 0;
  std::uint64_t paused_ms = 0;
  std::uint64_t left_while_paused = 0;

  /// Of the skips, those within 5 and within 30 seconds.
  std::uint64_t of_skips_5s = 0;
  std::uint64_t of_skips_30s = 0;
  /// By arm, age and weekday.
  std::array<std::array<std::array<std::uint64_t, 7>, 5>, 2> skip_shares{};

  std::uint32_t songs_an_advert = 0;
  std::uint64_t advert_ms = 0;
  std::uint32_t free_skips_an_hour = 0;

  std::uint64_t bot_keenness = 0;
  std::uint64_t more_bot_songs = 0;
  std::uint32_t bot_heard_ms = 0;

 private:
  struct HolidayHere {
    std::optional<std::size_t> country;  ///< nothing: all of them
    std::chrono::month_day day{};
    std::optional<std::chrono::year> year;  ///< nothing: each
  };

  std::vector<HolidayHere> holidays_;
  std::uint64_t on_holidays_ = kOne;
  /// By device, type and hour of the week.
  std::array<std::array<std::array<std::uint64_t, kWeekHours>, 4>, kDevices> keenness_{};
};

}  // namespace sdp::simulate
