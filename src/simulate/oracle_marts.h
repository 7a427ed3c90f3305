#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "simulate/oracle.h"

namespace sdp::simulate {

/// Between these two times the log took its newest record.
struct NewestRecord {
  UtcMillis no_earlier{};
  UtcMillis no_later{};
};

/// The windows of hours that MART.SONG_WINDOWS has, and where they and those before them begin, in hours
/// before their end.
inline constexpr std::array<std::int64_t, 3> kWindows{24, 168, 672};
inline constexpr std::array<std::int64_t, 6> kReaches{24, 48, 168, 336, 672, 1344};

/// A step of MART.SKIP_CURVE, and the last of them, in seconds.
inline constexpr std::int64_t kSkipStep = 10;
inline constexpr std::int64_t kSkipLast = 300;

struct Totals {
  std::uint32_t events = 0;
  std::array<std::uint32_t, event::kEventTypes.size()> by_type{};
  std::uint32_t streams = 0;
  std::uint32_t completions = 0;
  std::int64_t heard_ms = 0;

  std::uint32_t of(event::EventType type) const { return by_type[std::to_underlying(type)]; }
  std::uint32_t plays() const { return of(event::EventType::play); }
  std::uint32_t skips() const { return of(event::EventType::skip); }
  Totals& operator+=(const Totals& other);
};

// Rows of the marts. Days are days since 1970, hours are hours since 1970; listeners, songs, artists and
// spellings are numbers of the oracle.

struct SongRow {
  std::int32_t time = 0;  ///< a day or a year
  std::uint32_t song = 0;
  std::uint32_t spelling = 0;  ///< the smallest name
  std::uint32_t artist = 0;    ///< the smallest name
  Totals totals;
  std::uint32_t listeners = 0;
};

struct ArtistRow {
  std::int32_t time = 0;  ///< a day or a year
  std::uint32_t artist = 0;
  Totals totals;
  std::uint32_t songs = 0;
  std::uint32_t listeners = 0;
};

struct HourRow {
  std::int32_t hour = 0;
  event::Country country;
  event::DeviceType device = event::DeviceType::mobile;
  Totals totals;
  std::uint32_t listeners = 0;
};

struct SessionRow {
  std::int32_t day = 0;
  std::uint32_t listener = 0;
  std::uint32_t session = 0;  ///< 0: of events without session_id
  std::uint32_t gap = 0;      ///< which of those of its day
  std::int64_t started_us = 0;
  std::int64_t ended_us = 0;
  event::DeviceType device = event::DeviceType::mobile;
  event::Country country;
  std::uint32_t songs = 0;
  Totals totals;
};

struct EngagementRow {
  std::uint32_t listener = 0;
  event::DeviceType device = event::DeviceType::mobile;
  event::Country country;
  std::int32_t day = 0;
  std::uint32_t plays = 0;
  std::uint32_t skips = 0;
  std::uint32_t adds = 0;
};

struct HistoryRow {
  std::uint32_t listener = 0;
  event::Country country;
  event::DeviceType device = event::DeviceType::mobile;
};

struct WeekdayRow {
  unsigned weekday = 0;
  unsigned hour = 0;
  std::uint64_t plays = 0;
  std::uint64_t skips = 0;
};

struct YearRow {
  std::int32_t year = 0;
  Totals totals;
  std::uint32_t songs = 0;
  std::uint32_t artists = 0;
  std::uint32_t days_played = 0;
  std::uint32_t streak_days = 0;
  std::optional<std::int32_t> streak_begins;
  std::optional<std::int32_t> busiest_day;
  std::uint32_t busiest_plays = 0;
};

struct WindowRow {
  std::int64_t hours = 0;
  std::uint32_t song = 0;
  std::uint64_t plays = 0;
  std::uint64_t skips = 0;
  std::uint64_t plays_before = 0;
};

/// The rows of each mart, in ascending order of their keys.
struct Marts {
  std::vector<ArtistRow> artist_daily;
  std::vector<ArtistRow> artist_years;
  std::vector<HourRow> country_device_hourly;
  std::vector<HistoryRow> listener_history;
  std::vector<SessionRow> listener_sessions;
  std::vector<WeekdayRow> listening_by_weekday;
  std::vector<YearRow> listening_years;
  /// By stretch; empty without a skip that has a position.
  std::vector<std::uint64_t> skip_curve;
  std::vector<SongRow> song_daily;
  std::vector<SongRow> song_years;
  /// Nothing when it depends on the very moment at which the newest record came.
  std::optional<std::vector<WindowRow>> song_windows;
  std::vector<SongRow> top_songs;  ///< `time` is 0
  std::vector<EngagementRow> user_engagement;
};

/// `misconfigured` when the oracle is full, or when offsets that nobody told it decide about a row: two logs
/// took events of one listener, session and time.
Result<Marts> count_marts(const Oracle& oracle, const NewestRecord& newest);

}  // namespace sdp::simulate
