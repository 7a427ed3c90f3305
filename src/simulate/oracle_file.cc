#include "simulate/oracle_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>

#include "base/check.h"
#include "base/encoding.h"
#include "base/sha256.h"
#include "base/utc_time.h"
#include "event/decode.h"

namespace sdp::simulate {
namespace {

using event::EventType;

/// So much text is handed over at once, or a little more.
constexpr std::size_t kPieceBytes = 256 * 1024;

using Names = std::initializer_list<std::string_view>;

/// What a table's line says: columns as `NAME TYPE`, those of the key first.
struct Shape {
  std::string_view table;
  std::string_view which;  ///< rows that are told
  std::size_t key = 0;
  Names columns;
  Names untold = {};
};

struct Day {
  std::int32_t number = 0;
};
struct Time {
  std::int64_t us = 0;
};
struct Hour {
  std::int32_t number = 0;
};

class Writer {
 public:
  explicit Writer(const TakeText& take) : take_(take) {}

  Result<void> line(std::string_view text) {
    text_.append(text);
    text_.push_back('\n');
    return flush(kPieceBytes);
  }

  Result<void> table(const Shape& shape, std::size_t rows) {
    ++tables_;
    columns_ = shape.columns.size();
    std::string names;
    std::string types;
    std::string key;
    std::size_t place = 0;
    for (const std::string_view column : shape.columns) {
      const std::string_view separator = names.empty() ? "" : ",";
      const std::size_t blank = column.find(' ');
      fmt::format_to(std::back_inserter(names), "{}\"{}\"", separator, column.substr(0, blank));
      fmt::format_to(std::back_inserter(types), "{}\"{}\"", separator, column.substr(blank + 1));
      if (++place == shape.key) key = names;
    }
    std::string untold;
    for (const std::string_view column : shape.untold)
      fmt::format_to(std::back_inserter(untold), "{}\"{}\"", untold.empty() ? "" : ",", column);
    return line(fmt::format(
        R"({{"table":"MART.{}","which":"{}","key":[{}],"columns":[{}],"types":[{}],"untold":[{}],"rows":{}}})",
        shape.table, shape.which, key, names, types, untold, rows));
  }

  template <typename... Cells>
  Result<void> row(const Cells&... cells) {
    written_ = 0;
    (put(cells), ...);
    SDP_ASSERT(written_ == columns_);
    text_.append("]\n");
    return flush(kPieceBytes);
  }

  /// With the digest of all lines before it, by which a reader notices what was changed later.
  Result<void> end() {
    SDP_RETURN_IF_ERROR(flush(0));
    SDP_RETURN_IF_ERROR(
        line(fmt::format(R"({{"end":{{"tables":{},"sha256":"{}"}}}})", tables_, sha256_.hex())));
    return take_(text_);
  }

 private:
  Result<void> flush(std::size_t beyond) {
    if (text_.size() <= beyond) return {};
    sha256_.add(text_);
    SDP_RETURN_IF_ERROR(take_(text_));
    text_.clear();
    return {};
  }

  void begin() { text_.push_back(written_++ == 0 ? '[' : ','); }

  void put(std::nullptr_t) {
    begin();
    text_.append("null");
  }
  template <std::integral Number>
  void put(Number number) {
    begin();
    const fmt::format_int text(number);
    text_.append(text.data(), text.size());
  }
  void put(double number) {
    begin();
    fmt::format_to(std::back_inserter(text_), "{}", number);
  }
  void put(std::string_view text) {
    begin();
    base::append_json_string(text_, text);
  }
  void put(const Uuid& id) {
    begin();
    text_.push_back('"');
    base::append_uuid(text_, id);
    text_.push_back('"');
  }
  void put(Day day) {
    put(base::format_date(UtcMillis(std::chrono::sys_days(std::chrono::days(day.number)))));
  }
  void put(Hour hour) { put(Time{std::int64_t{hour.number} * 3'600'000'000}); }
  /// With microseconds where there are any.
  void put(Time time) {
    begin();
    text_.push_back('"');
    base::append_iso(text_, UtcMillis(std::chrono::milliseconds(time.us / 1'000)));
    if (time.us % 1'000 != 0) {
      text_.pop_back();
      fmt::format_to(std::back_inserter(text_), "{:03}Z", time.us % 1'000);
    }
    text_.push_back('"');
  }
  template <typename T>
  void put(const std::optional<T>& cell) {
    if (cell) {
      put(*cell);
    } else {
      put(nullptr);
    }
  }
  void put(const Totals& totals) {
    put(totals.events);
    put(totals.plays());
    put(totals.skips());
    put(totals.of(EventType::pause));
    put(totals.of(EventType::add_to_playlist));
    put(totals.streams);
    put(totals.completions);
    put(totals.heard_ms);
  }

  const TakeText& take_;
  std::string text_;
  base::Sha256 sha256_;
  std::size_t columns_ = 0;
  std::size_t written_ = 0;
  std::size_t tables_ = 0;
};

std::optional<double> share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

class OracleWriter {
 public:
  OracleWriter(const Oracle& oracle, const Marts& marts, const TakeText& take)
      : oracle_(oracle), marts_(marts), writer_(take) {}

  Result<void> run(std::span<const OracleRun> runs) {
    SDP_RETURN_IF_ERROR(head(runs));
    SDP_RETURN_IF_ERROR(artists());
    SDP_RETURN_IF_ERROR(hours());
    SDP_RETURN_IF_ERROR(listeners());
    SDP_RETURN_IF_ERROR(listening());
    SDP_RETURN_IF_ERROR(pipeline_hours());
    SDP_RETURN_IF_ERROR(skip_curve());
    SDP_RETURN_IF_ERROR(songs());
    SDP_RETURN_IF_ERROR(engagement());
    return writer_.end();
  }

 private:
  Result<void> head(std::span<const OracleRun> runs) {
    SDP_RETURN_IF_ERROR(writer_.line(fmt::format(R"({{"oracle":{}}})", kOracleVersion)));
    for (const OracleRun& run : runs)
      SDP_RETURN_IF_ERROR(writer_.line(fmt::format(R"({{"run":{}}})", to_json(run))));
    std::array<std::uint64_t, event::kEventTypes.size()> by_type{};
    for (const YearRow& year : marts_.listening_years) {
      for (std::size_t i = 0; i < by_type.size(); ++i) by_type[i] += year.totals.by_type[i];
    }
    std::string types;
    for (std::size_t i = 0; i < by_type.size(); ++i)
      fmt::format_to(std::back_inserter(types), R"({}"{}":{})", i == 0 ? "" : ",", event::kEventTypes[i],
                     by_type[i]);
    SDP_RETURN_IF_ERROR(writer_.line(
        fmt::format(R"({{"counts":{{"kept":{},"kept_by_type":{{{}}},"duplicates":{},"rejected":{}}}}})",
                    oracle_.kept(), types, oracle_.duplicates(), oracle_.rejected())));
    for (const auto& [what, records] : oracle_.rejected_for()) {
      SDP_RETURN_IF_ERROR(writer_.line(fmt::format(
          R"({{"rejected":{{"reason":{},"field":{},"records":{}}}}})", base::json_string(what.reason),
          what.field.empty() ? "null" : base::json_string(what.field), records)));
    }
    for (const auto& [hours, events] : oracle_.late_by_hours())
      SDP_RETURN_IF_ERROR(
          writer_.line(fmt::format(R"({{"late":{{"hours":{},"events":{}}}}})", hours, events)));
    return {};
  }

  Result<void> artists() {
    SDP_RETURN_IF_ERROR(writer_.table(
        {.table = "ARTIST_DAILY",
         .which = "all",
         .key = 2,
         .columns = {"day DATE", "artist_name VARCHAR", "songs BIGINT", "events BIGINT", "total_plays BIGINT",
                     "total_skips BIGINT", "total_pauses BIGINT", "playlist_adds BIGINT", "streams BIGINT",
                     "completions BIGINT", "heard_ms BIGINT", "unique_listeners BIGINT", "skip_rate DOUBLE",
                     "completion_rate DOUBLE"}},
        marts_.artist_daily.size()));
    for (const ArtistRow& row : marts_.artist_daily) {
      SDP_RETURN_IF_ERROR(writer_.row(Day{row.time}, artist(row.artist), row.songs, row.totals, row.listeners,
                                      skip_rate(row.totals), completion_rate(row.totals)));
    }
    SDP_RETURN_IF_ERROR(writer_.table(
        {.table = "ARTIST_YEARS",
         .which = "all",
         .key = 2,
         .columns = {"year BIGINT", "artist_name VARCHAR", "events BIGINT", "total_plays BIGINT",
                     "total_skips BIGINT", "total_pauses BIGINT", "playlist_adds BIGINT", "streams BIGINT",
                     "completions BIGINT", "heard_ms BIGINT", "skip_rate DOUBLE", "completion_rate DOUBLE"}},
        marts_.artist_years.size()));
    for (const ArtistRow& row : marts_.artist_years) {
      SDP_RETURN_IF_ERROR(writer_.row(row.time, artist(row.artist), row.totals, skip_rate(row.totals),
                                      completion_rate(row.totals)));
    }
    return {};
  }

  Result<void> hours() {
    SDP_RETURN_IF_ERROR(writer_.table(
        {.table = "COUNTRY_DEVICE_HOURLY",
         .which = "all",
         .key = 4,
         .columns = {"day DATE", "hour TIMESTAMP", "country VARCHAR", "device_type VARCHAR", "events BIGINT",
                     "total_plays BIGINT", "total_skips BIGINT", "total_pauses BIGINT",
                     "playlist_adds BIGINT", "streams BIGINT", "completions BIGINT", "heard_ms BIGINT",
                     "unique_listeners BIGINT", "skip_rate DOUBLE", "completion_rate DOUBLE"}},
        marts_.country_device_hourly.size()));
    for (const HourRow& row : marts_.country_device_hourly) {
      SDP_RETURN_IF_ERROR(writer_.row(Day{row.hour / 24}, Hour{row.hour}, row.country.view(),
                                      name(row.device), row.totals, row.listeners, skip_rate(row.totals),
                                      completion_rate(row.totals)));
    }
    return {};
  }

  Result<void> listeners() {
    SDP_RETURN_IF_ERROR(writer_.table(
        {.table = "LISTENER_HISTORY",
         .which = "current",
         .key = 1,
         .columns = {"user_id VARCHAR", "country VARCHAR", "device_type VARCHAR"},
         .untold = {"seen_at", "dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to"}},
        marts_.listener_history.size()));
    for (const HistoryRow& row : marts_.listener_history)
      SDP_RETURN_IF_ERROR(writer_.row(listener(row.listener), row.country.view(), name(row.device)));
    SDP_RETURN_IF_ERROR(
        writer_.table({.table = "LISTENER_SESSIONS",
                       .which = "all",
                       .key = 3,
                       .columns = {"day DATE", "user_id VARCHAR", "session_key VARCHAR", "session_id VARCHAR",
                                   "started_at TIMESTAMP", "ended_at TIMESTAMP", "duration_ms BIGINT",
                                   "device_type VARCHAR", "country VARCHAR", "events BIGINT", "songs BIGINT",
                                   "total_plays BIGINT", "total_skips BIGINT", "playlist_adds BIGINT",
                                   "streams BIGINT", "heard_ms BIGINT"}},
                      marts_.listener_sessions.size()));
    for (const SessionRow& row : marts_.listener_sessions) {
      std::optional<std::string_view> id;
      if (row.session != 0) id = oracle_.sessions()[row.session];
      const std::string key = id ? fmt::format("id:{}", *id) : fmt::format("gap:{}", row.gap);
      SDP_RETURN_IF_ERROR(writer_.row(
          Day{row.day}, listener(row.listener), std::string_view(key), id, Time{row.started_us},
          Time{row.ended_us}, row.ended_us / 1'000 - row.started_us / 1'000, name(row.device),
          row.country.view(), row.totals.events, row.songs, row.totals.plays(), row.totals.skips(),
          row.totals.of(EventType::add_to_playlist), row.totals.streams, row.totals.heard_ms));
    }
    return {};
  }

  Result<void> listening() {
    SDP_RETURN_IF_ERROR(
        writer_.table({.table = "LISTENING_BY_WEEKDAY",
                       .which = "all",
                       .key = 2,
                       .columns = {"weekday BIGINT", "hour BIGINT", "plays BIGINT", "skips BIGINT"}},
                      marts_.listening_by_weekday.size()));
    for (const WeekdayRow& row : marts_.listening_by_weekday)
      SDP_RETURN_IF_ERROR(writer_.row(row.weekday, row.hour, row.plays, row.skips));
    SDP_RETURN_IF_ERROR(writer_.table(
        {.table = "LISTENING_YEARS",
         .which = "all",
         .key = 1,
         .columns = {"year BIGINT", "events BIGINT", "total_plays BIGINT", "total_skips BIGINT",
                     "total_pauses BIGINT", "playlist_adds BIGINT", "streams BIGINT", "completions BIGINT",
                     "heard_ms BIGINT", "songs BIGINT", "artists BIGINT", "days_played BIGINT",
                     "longest_streak_days BIGINT", "longest_streak_begins DATE", "busiest_day DATE",
                     "busiest_day_plays BIGINT", "skip_rate DOUBLE", "completion_rate DOUBLE"}},
        marts_.listening_years.size()));
    for (const YearRow& row : marts_.listening_years) {
      SDP_RETURN_IF_ERROR(writer_.row(row.year, row.totals, row.songs, row.artists, row.days_played,
                                      row.streak_days, as_day(row.streak_begins), as_day(row.busiest_day),
                                      row.busiest_plays, skip_rate(row.totals), completion_rate(row.totals)));
    }
    return {};
  }

  /// Hours are those of the broker's clock, which nobody told the oracle: only sums are known.
  Result<void> pipeline_hours() {
    std::uint64_t by_silver = 0;
    for (const auto& [what, records] : oracle_.rejected_for()) {
      if (is_of_silver(what.reason)) by_silver += records;
    }
    SDP_RETURN_IF_ERROR(writer_.table(
        {.table = "PIPELINE_HOURS",
         .which = "sums",
         .columns = {"records_expected BIGINT", "records BIGINT", "kept BIGINT", "duplicates BIGINT",
                     "rejected_by_sink BIGINT", "rejected_by_silver BIGINT"},
         .untold = {"day", "hour", "objects", "skewed_events", "lateness_ms_max", "is_complete"}},
        1));
    return writer_.row(oracle_.records(), oracle_.records(), oracle_.kept(), oracle_.duplicates(),
                       oracle_.rejected() - by_silver, by_silver);
  }

  static bool is_of_silver(std::string_view reason) {
    for (int i = 0; i <= static_cast<int>(event::Reason::out_of_range); ++i) {
      if (name(static_cast<event::Reason>(i)) == reason) return true;
    }
    return false;
  }

  Result<void> skip_curve() {
    SDP_RETURN_IF_ERROR(
        writer_.table({.table = "SKIP_CURVE",
                       .which = "all",
                       .key = 1,
                       .columns = {"second_from BIGINT", "second_to BIGINT", "skips BIGINT", "share DOUBLE"}},
                      marts_.skip_curve.size()));
    std::uint64_t all = 0;
    for (const std::uint64_t skips : marts_.skip_curve) all += skips;
    std::int64_t from = 0;
    for (const std::uint64_t skips : marts_.skip_curve) {
      std::optional<std::int64_t> to;
      if (from < kSkipLast) to = from + kSkipStep;
      SDP_RETURN_IF_ERROR(writer_.row(from, to, skips, share(skips, all)));
      from += kSkipStep;
    }
    return {};
  }

  Result<void> songs() {
    SDP_RETURN_IF_ERROR(writer_.table(
        {.table = "SONG_DAILY",
         .which = "all",
         .key = 2,
         .columns = {"day DATE", "song_id VARCHAR", "song_name VARCHAR", "artist_name VARCHAR",
                     "events BIGINT", "total_plays BIGINT", "total_skips BIGINT", "total_pauses BIGINT",
                     "playlist_adds BIGINT", "streams BIGINT", "completions BIGINT", "heard_ms BIGINT",
                     "unique_listeners BIGINT", "skip_rate DOUBLE", "completion_rate DOUBLE"}},
        marts_.song_daily.size()));
    for (const SongRow& row : marts_.song_daily) {
      SDP_RETURN_IF_ERROR(writer_.row(Day{row.time}, song(row.song), title(row.spelling), artist(row.artist),
                                      row.totals, row.listeners, skip_rate(row.totals),
                                      completion_rate(row.totals)));
    }
    SDP_RETURN_IF_ERROR(windows());
    SDP_RETURN_IF_ERROR(writer_.table(
        {.table = "SONG_YEARS",
         .which = "all",
         .key = 2,
         .columns = {"year BIGINT", "song_id VARCHAR", "song_name VARCHAR", "artist_name VARCHAR",
                     "events BIGINT", "total_plays BIGINT", "total_skips BIGINT", "total_pauses BIGINT",
                     "playlist_adds BIGINT", "streams BIGINT", "completions BIGINT", "heard_ms BIGINT",
                     "skip_rate DOUBLE", "completion_rate DOUBLE"}},
        marts_.song_years.size()));
    for (const SongRow& row : marts_.song_years) {
      SDP_RETURN_IF_ERROR(writer_.row(row.time, song(row.song), title(row.spelling), artist(row.artist),
                                      row.totals, skip_rate(row.totals), completion_rate(row.totals)));
    }
    SDP_RETURN_IF_ERROR(
        writer_.table({.table = "TOP_SONGS",
                       .which = "all",
                       .key = 1,
                       .columns = {"song_id VARCHAR", "song_name VARCHAR", "artist_name VARCHAR",
                                   "total_plays BIGINT", "total_skips BIGINT"}},
                      marts_.top_songs.size()));
    for (const SongRow& row : marts_.top_songs) {
      SDP_RETURN_IF_ERROR(writer_.row(song(row.song), title(row.spelling), artist(row.artist),
                                      row.totals.plays(), row.totals.skips()));
    }
    return {};
  }

  Result<void> windows() {
    const bool is_told = marts_.song_windows.has_value();
    if (!is_told) {
      return writer_.table({.table = "SONG_WINDOWS",
                            .which = "none",
                            .columns = {},
                            .untold = {"window_hours", "song_id", "song_name", "artist_name", "plays",
                                       "skips", "plays_before", "change"}},
                           0);
    }
    SDP_RETURN_IF_ERROR(writer_.table(
        {.table = "SONG_WINDOWS",
         .which = "all",
         .key = 2,
         .columns = {"window_hours BIGINT", "song_id VARCHAR", "song_name VARCHAR", "artist_name VARCHAR",
                     "plays BIGINT", "skips BIGINT", "plays_before BIGINT", "change DOUBLE"}},
        marts_.song_windows->size()));
    std::vector<const SongRow*> names(oracle_.songs().size());
    for (const SongRow& row : marts_.top_songs) names[row.song] = &row;
    for (const WindowRow& row : *marts_.song_windows) {
      std::optional<double> change;
      if (row.plays_before > 0) {
        change = (static_cast<double>(row.plays) - static_cast<double>(row.plays_before)) /
                 static_cast<double>(row.plays_before);
      }
      const SongRow& named = *names[row.song];
      SDP_RETURN_IF_ERROR(writer_.row(row.hours, song(row.song), title(named.spelling), artist(named.artist),
                                      row.plays, row.skips, row.plays_before, change));
    }
    return {};
  }

  Result<void> engagement() {
    SDP_RETURN_IF_ERROR(
        writer_.table({.table = "USER_ENGAGEMENT",
                       .which = "all",
                       .key = 4,
                       .columns = {"user_id VARCHAR", "device_type VARCHAR", "country VARCHAR", "day DATE",
                                   "total_plays BIGINT", "total_skips BIGINT", "playlist_adds BIGINT"}},
                      marts_.user_engagement.size()));
    for (const EngagementRow& row : marts_.user_engagement) {
      SDP_RETURN_IF_ERROR(writer_.row(listener(row.listener), name(row.device), row.country.view(),
                                      Day{row.day}, row.plays, row.skips, row.adds));
    }
    return {};
  }

  static std::optional<double> skip_rate(const Totals& totals) {
    return share(totals.skips(), totals.plays());
  }
  static std::optional<double> completion_rate(const Totals& totals) {
    return share(totals.completions, totals.plays());
  }
  static std::optional<Day> as_day(std::optional<std::int32_t> day) {
    return day ? std::optional(Day{*day}) : std::nullopt;
  }
  const Uuid& listener(std::uint32_t number) const { return oracle_.listeners()[number]; }
  const Uuid& song(std::uint32_t number) const { return oracle_.songs()[number]; }
  std::string_view title(std::uint32_t spelling) const { return oracle_.spellings()[spelling].name; }
  std::string_view artist(std::uint32_t number) const { return oracle_.artists()[number]; }

  const Oracle& oracle_;
  const Marts& marts_;
  Writer writer_;
};

}  // namespace

Result<void> write_oracle(const Oracle& oracle, std::span<const OracleRun> runs, const NewestRecord& newest,
                          const TakeText& take) {
  SDP_TRY(const Marts marts, count_marts(oracle, newest));
  return OracleWriter(oracle, marts, take).run(runs);
}

}  // namespace sdp::simulate
