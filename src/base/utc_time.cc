#include "base/utc_time.h"

#include <fmt/format.h>

#include <iterator>

namespace sdp::base {
namespace {

struct Parts {
  std::chrono::year_month_day date{};
  std::chrono::hh_mm_ss<std::chrono::milliseconds> time;
};

Parts split(UtcMillis time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss(time - day)};
}

/// The number in `digits` characters at `at`, or -1.
int number(std::string_view text, std::size_t at, std::size_t digits) {
  int value = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

void put2(char* at, unsigned value) {
  at[0] = static_cast<char>('0' + value / 10);
  at[1] = static_cast<char>('0' + value % 10);
}

}  // namespace

void append_iso(std::string& out, UtcMillis time) {
  const Parts parts = split(time);
  const auto year = static_cast<unsigned>(static_cast<int>(parts.date.year()));
  const auto millis = static_cast<unsigned>(parts.time.subseconds().count());
  char text[] = "0000-00-00T00:00:00.000Z";
  put2(text, year / 100);
  put2(text + 2, year % 100);
  put2(text + 5, static_cast<unsigned>(parts.date.month()));
  put2(text + 8, static_cast<unsigned>(parts.date.day()));
  put2(text + 11, static_cast<unsigned>(parts.time.hours().count()));
  put2(text + 14, static_cast<unsigned>(parts.time.minutes().count()));
  put2(text + 17, static_cast<unsigned>(parts.time.seconds().count()));
  text[20] = static_cast<char>('0' + millis / 100);
  put2(text + 21, millis % 100);
  out.append(text, 24);
}

std::string format_iso(UtcMillis time) {
  std::string out;
  append_iso(out, time);
  return out;
}

std::string format_date(UtcMillis time) {
  return format_iso(time).substr(0, 10);
}

std::string format_hour(UtcMillis time) {
  return format_iso(time).substr(11, 2);
}

std::string format_name_time(UtcMillis time) {
  std::string text = format_iso(time).substr(0, 19);
  text[13] = '-';
  text[16] = '-';
  return text;
}

std::optional<UtcMillis> parse_iso(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':') {
    return std::nullopt;
  }
  const int year = number(text, 0, 4), month = number(text, 5, 2), day = number(text, 8, 2);
  const int hour = number(text, 11, 2), minute = number(text, 14, 2), second = number(text, 17, 2);
  if (year < 0 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  std::string_view rest = text.substr(19);
  int millis = 0;
  if (rest.starts_with('.')) {
    std::size_t digits = 0;
    while (digits + 1 < rest.size() && rest[digits + 1] >= '0' && rest[digits + 1] <= '9') {
      if (digits < 3) millis = millis * 10 + (rest[digits + 1] - '0');
      ++digits;
    }
    if (digits == 0 || digits > 9) return std::nullopt;
    for (std::size_t i = digits; i < 3; ++i) millis *= 10;
    rest.remove_prefix(digits + 1);
  }
  if (rest != "Z" && rest != "+00:00") return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + std::chrono::milliseconds(millis);
}

}  // namespace sdp::base
