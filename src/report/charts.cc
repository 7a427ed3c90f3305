#include "report/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "base/ascii.h"
#include "base/utc_time.h"

namespace sdp::report {
namespace {

using snapshot::Cell;
using snapshot::Mart;

std::optional<std::size_t> column_of(const Mart& mart, std::string_view name) {
  const auto found = std::ranges::find(mart.columns, name, &snapshot::Column::name);
  if (found == mart.columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - mart.columns.begin());
}

std::uint64_t count_of(const Cell& cell) {
  std::uint64_t value = 0;
  if (cell) std::from_chars(cell->data(), cell->data() + cell->size(), value);
  return value;
}

bool has_latest_hour_first(std::string_view order_by) {
  return base::upper(order_by).starts_with("HOUR DESC");
}

std::vector<Bar> sorted(const std::map<std::string, std::uint64_t>& sums) {
  std::vector<Bar> bars;
  for (const auto& [label, plays] : sums) bars.push_back({label, plays});
  std::ranges::sort(bars, [](const Bar& one, const Bar& other) {
    return one.plays != other.plays ? one.plays > other.plays : one.label < other.label;
  });
  return bars;
}

/// Every hour from `first` to the last, so that a pause is seen as one.
std::vector<Bar> with_pauses(const std::map<UtcMillis, std::uint64_t>& sums, UtcMillis first) {
  std::vector<Bar> bars;
  for (UtcMillis hour = first; hour <= sums.rbegin()->first; hour += std::chrono::hours(1)) {
    const auto found = sums.find(hour);
    bars.push_back({fmt::format("{} {}:00", base::format_date(hour), base::format_hour(hour)),
                    found == sums.end() ? 0 : found->second});
  }
  return bars;
}

}  // namespace

Hours latest_hours(const snapshot::Snapshot& snapshot, std::size_t hours_max) {
  const Mart* const mart = snapshot.find("COUNTRY_DEVICE_HOURLY");
  if (mart == nullptr || mart->rows.empty()) return {};
  const auto hour_at = column_of(*mart, "HOUR");
  const auto country_at = column_of(*mart, "COUNTRY");
  const auto device_at = column_of(*mart, "DEVICE_TYPE");
  const auto plays_at = column_of(*mart, "TOTAL_PLAYS");
  if (!hour_at || !country_at || !device_at || !plays_at) return {};
  const bool is_cut = mart->rows.size() < mart->rows_total;
  if (is_cut && !has_latest_hour_first(mart->order_by)) return {};

  std::set<UtcMillis> hours;
  std::vector<std::optional<UtcMillis>> hour_of_row;
  for (const auto& row : mart->rows) {
    hour_of_row.push_back(base::parse_iso(row.at(*hour_at).value_or("")));
    if (hour_of_row.back()) hours.insert(*hour_of_row.back());
  }
  // Of the oldest hour some rows may be among those that are not here.
  if (is_cut && !hours.empty()) hours.erase(hours.begin());
  if (hours.empty()) return {};
  const UtcMillis oldest = *hours.rbegin() - std::chrono::hours(hours_max - 1);
  Hours shown;
  shown.is_everything = !is_cut && *hours.begin() >= oldest;
  hours.erase(hours.begin(), hours.lower_bound(oldest));

  std::map<UtcMillis, std::uint64_t> by_hour;
  std::map<std::string, std::uint64_t> by_country;
  std::map<std::string, std::uint64_t> by_device;
  for (std::size_t at = 0; at < mart->rows.size(); ++at) {
    if (!hour_of_row[at] || !hours.contains(*hour_of_row[at])) continue;
    const auto& row = mart->rows[at];
    const std::uint64_t plays = count_of(row.at(*plays_at));
    by_hour[*hour_of_row[at]] += plays;
    by_country[row.at(*country_at).value_or("")] += plays;
    by_device[row.at(*device_at).value_or("")] += plays;
    shown.plays += plays;
  }
  // A day at least, where nothing else was before.
  const UtcMillis day_before =
      by_hour.rbegin()->first - std::chrono::hours(std::min<std::size_t>(hours_max, 24) - 1);
  const UtcMillis first = by_hour.begin()->first;
  shown.by_hour = with_pauses(by_hour, shown.is_everything ? std::min(first, day_before) : first);
  shown.by_country = sorted(by_country);
  shown.by_device = sorted(by_device);
  return shown;
}

std::vector<Bar> top_songs(const snapshot::Snapshot& snapshot, std::size_t songs_max) {
  const Mart* const mart = snapshot.find("TOP_SONGS");
  if (mart == nullptr) return {};
  const auto song_at = column_of(*mart, "SONG_NAME");
  const auto artist_at = column_of(*mart, "ARTIST_NAME");
  const auto plays_at = column_of(*mart, "TOTAL_PLAYS");
  if (!song_at || !artist_at || !plays_at) return {};
  std::vector<Bar> bars;
  for (const auto& row : mart->rows) {
    if (bars.size() == songs_max) break;
    bars.push_back({fmt::format("{} · {}", row.at(*song_at).value_or(""), row.at(*artist_at).value_or("")),
                    count_of(row.at(*plays_at))});
  }
  return bars;
}

}  // namespace sdp::report
