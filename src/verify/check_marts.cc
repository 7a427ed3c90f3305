#include "verify/check_marts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utc_time.h"
#include "verify/table_rows.h"

namespace sdp::verify {
namespace {

using warehouse::CellView;

constexpr std::string_view kSongsSql =
    "SELECT song_id, song_name, artist_name, total_plays, total_skips FROM MART.TOP_SONGS";
constexpr std::string_view kEngagementSql =
    "SELECT user_id, device_type, country, cast(day AS varchar), total_plays, total_skips, playlist_adds "
    "FROM MART.USER_ENGAGEMENT";

std::string day_text(std::int32_t day) {
  return base::format_date(UtcMillis(std::chrono::sys_days(std::chrono::days(day))));
}

std::optional<std::int32_t> parse_day(const CellView& column) {
  if (!column) return std::nullopt;
  const auto time = base::parse_iso(std::string(*column) + "T00:00:00Z");
  if (!time) return std::nullopt;
  return static_cast<std::int32_t>(std::chrono::floor<std::chrono::days>(*time).time_since_epoch().count());
}

std::optional<EngagementKey> parse_key(warehouse::RowView row) {
  const auto user = row[0] ? base::parse_uuid(*row[0]) : std::nullopt;
  const auto device = std::ranges::find(event::kDeviceTypes, row[1].value_or(""));
  const auto day = parse_day(row[3]);
  // Another spelling of an id would be another listener to whoever groups by the text.
  if (!user || base::to_string(*user) != *row[0] || device == event::kDeviceTypes.end() || !day || !row[2] ||
      row[2]->size() != 2) {
    return std::nullopt;
  }
  return EngagementKey{*user,
                       static_cast<event::DeviceType>(device - event::kDeviceTypes.begin()),
                       {{(*row[2])[0], (*row[2])[1]}},
                       *day};
}

std::string describe(const EngagementKey& key) {
  return fmt::format("user {} {} {} {}", base::to_string(key.user_id), event::name(key.device),
                     key.country.view(), day_text(key.day));
}

class MartCheck {
 public:
  MartCheck(Recount& recount, Findings& findings) : recount_(recount), findings_(findings) {}

  Result<MartCounts> songs(WarehouseShape& shape, warehouse::Warehouse& warehouse) {
    const std::string table(kCountedFromLake[0]);
    SDP_RETURN_IF_ERROR(scan_table(
        warehouse, shape, table, kSongsSql, [&](warehouse::RowView row) { song(row); }, findings_));
    if (!shape.usable(table)) return MartCounts{};
    for (const auto& [id, cell] : recount_.songs()) {
      if (!cell.found) missing(fmt::format("TOP_SONGS song {} ({})", base::to_string(id), cell.song_name));
    }
    return counts_;
  }

  Result<MartCounts> engagement(WarehouseShape& shape, warehouse::Warehouse& warehouse) {
    const std::string table(kCountedFromLake[1]);
    SDP_RETURN_IF_ERROR(scan_table(
        warehouse, shape, table, kEngagementSql, [&](warehouse::RowView row) { listener(row); }, findings_));
    if (!shape.usable(table)) return MartCounts{};
    for (const auto& [key, cell] : recount_.engagement()) {
      if (!cell.found) missing("USER_ENGAGEMENT " + describe(key));
    }
    return counts_;
  }

 private:
  void song(warehouse::RowView row) {
    ++counts_.rows;
    const auto id = row[0] ? base::parse_uuid(*row[0]) : std::nullopt;
    const auto found =
        id && base::to_string(*id) == *row[0] ? recount_.songs().find(*id) : recount_.songs().end();
    if (found == recount_.songs().end()) return extra(fmt::format("TOP_SONGS song {}", shown(row[0])));
    SongCell& cell = found->second;
    where_ = fmt::format("TOP_SONGS song {}", *row[0]);
    if (!claim(cell.found)) return;
    text("song_name", row[1], cell.song_name);
    text("artist_name", row[2], cell.artist_name);
    number("total_plays", row[3], cell.plays);
    number("total_skips", row[4], cell.skips);
  }

  void listener(warehouse::RowView row) {
    ++counts_.rows;
    const auto key = parse_key(row);
    const auto found = key ? recount_.engagement().find(*key) : recount_.engagement().end();
    if (found == recount_.engagement().end()) {
      return extra(fmt::format("USER_ENGAGEMENT user {} {} {} {}", shown(row[0]), shown(row[1]),
                               shown(row[2]), shown(row[3])));
    }
    key_ = &found->first;
    where_.clear();
    EngagementCell& cell = found->second;
    if (!claim(cell.found)) return;
    number("total_plays", row[4], cell.plays);
    number("total_skips", row[5], cell.skips);
    number("playlist_adds", row[6], cell.adds);
  }

  /// False when the mart has the row a second time.
  bool claim(bool& found) {
    if (found) findings_.item(Stage::marts, "doubled mart row", where());
    return !std::exchange(found, true);
  }

  void text(std::string_view column, const CellView& found, std::string_view wanted) {
    ++counts_.cells;
    if (found != wanted) differs(column, found, fmt::format("'{}'", wanted));
  }

  void number(std::string_view column, const CellView& found, std::uint64_t wanted) {
    ++counts_.cells;
    if (integer_of(found) != static_cast<std::int64_t>(wanted))
      differs(column, found, std::to_string(wanted));
  }

  void differs(std::string_view column, const CellView& found, const std::string& wanted) {
    findings_.item(
        Stage::marts, "wrong mart cell",
        fmt::format("{} {}: expected {}, found {}", where(), column, wanted, found ? *found : "NULL"));
  }

  void missing(std::string row) { findings_.item(Stage::marts, "missing mart row", std::move(row)); }
  void extra(std::string row) { findings_.item(Stage::marts, "mart row of nothing", std::move(row)); }

  /// Spelled out only when something is wrong: most rows are right.
  std::string where() const { return where_.empty() ? "USER_ENGAGEMENT " + describe(*key_) : where_; }

  Recount& recount_;
  Findings& findings_;
  MartCounts counts_;
  std::string where_;
  const EngagementKey* key_ = nullptr;
};

}  // namespace

bool is_counted_from_lake(std::string_view mart) {
  return std::ranges::find(kCountedFromLake, mart) != kCountedFromLake.end();
}

Result<MartCounts> check_mart(const std::string& mart, Recount& recount, WarehouseShape& shape,
                              warehouse::Warehouse& warehouse, Findings& findings) {
  MartCheck check(recount, findings);
  return mart == kCountedFromLake[0] ? check.songs(shape, warehouse) : check.engagement(shape, warehouse);
}

}  // namespace sdp::verify
