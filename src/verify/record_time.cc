#include "verify/record_time.h"

#include <fmt/core.h>

namespace sdp::verify {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
/// From 1970 to the end of 9999.
constexpr std::int64_t kDays = 2'932'897;

struct Date {
  std::int64_t year;
  std::int64_t month;
  std::int64_t day;
};

bool is_leap(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/// Counted off, year by year and month by month: slow, and hard to get wrong.
Date date_of(std::int64_t days) {
  Date date{1970, 1, 1};
  for (std::int64_t length = 365; days >= length; length = is_leap(date.year) ? 366 : 365) {
    days -= length;
    ++date.year;
  }
  for (;; ++date.month) {
    const bool is_short = date.month == 4 || date.month == 6 || date.month == 9 || date.month == 11;
    std::int64_t length = is_short ? 30 : 31;
    if (date.month == 2) length = is_leap(date.year) ? 29 : 28;
    if (days < length) break;
    days -= length;
  }
  date.day += days;
  return date;
}

}  // namespace

std::int64_t filed_ms(int layout, std::int64_t ms) {
  if (layout != 1) return ms;
  if (ms < 0) return 0;
  return ms >= kDays * kDayMs ? kDays * kDayMs - 1 : ms;
}

std::string dated_name(std::int64_t ms) {
  if (ms < 0 || ms >= kDays * kDayMs) {
    return "date=__HIVE_DEFAULT_PARTITION__/hour=__HIVE_DEFAULT_PARTITION__/spotify_events_untimed";
  }
  const Date date = date_of(ms / kDayMs);
  const std::string day = fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
  const std::int64_t seconds = ms % kDayMs / 1'000;
  const std::int64_t hour = seconds / 3'600;
  return fmt::format("date={}/hour={:02}/spotify_events_{}T{:02}-{:02}-{:02}", day, hour, day, hour,
                     seconds / 60 % 60, seconds % 60);
}

}  // namespace sdp::verify
