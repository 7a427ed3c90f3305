#include "verify/derived_marts.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "verify/table_rows.h"

namespace sdp::verify {
namespace {

/// A comparison: a query that gives a row for each row of a mart that is not as often in it as it should be.
/// Its first columns: the mart, what the row is about, and how often it is missing (positive) or too much.
struct Comparison {
  std::vector<std::string> marts;
  std::string sql;
  std::uint64_t cells_in_a_row = 0;
};

/// Kept events with their time in milliseconds. `moment` orders them as finely as the column does.
std::string kept(const warehouse::Warehouse& warehouse) {
  return fmt::format(R"(
kept AS (
  SELECT CAST(timestamp AS DATE) AS day, {} AS at_ms, timestamp AS moment, event_type, user_id, session_id, song_id,
    song_name, artist_name, device_type, country, position_ms, duration_ms, kafka_offset, kafka_partition, topic_id
  FROM TRANSFORM.SPOTIFY_SILVER))",
                     warehouse.epoch_ms("timestamp"));
}

// Sums are cast to integers: what type they have by themselves, and so what text, differs between warehouses.

constexpr std::string_view kInSession =
    "OVER (PARTITION BY day, user_id, session_id ORDER BY moment, kafka_offset, kafka_partition, topic_id)";

/// `facts`: every event, and what was heard of each play.
std::string heard(const warehouse::Warehouse& warehouse) {
  return fmt::format(R"(
moves AS (
  SELECT kept.*, LEAD(event_type) {0} AS next_type, LEAD(song_id) {0} AS next_song,
    LEAD(position_ms) {0} AS next_position, LEAD(at_ms) {0} AS next_ms
  FROM kept WHERE event_type <> 'add_to_playlist'),
plays AS (
  SELECT moves.*, COALESCE(position_ms, 0) AS begin_ms, COALESCE(next_ms, {1} + 86400000) - at_ms AS passed_ms,
    CASE WHEN next_type IN ('pause', 'skip') AND next_song = song_id AND next_position IS NOT NULL THEN next_position
      ELSE duration_ms END AS until_ms
  FROM moves WHERE event_type = 'play'),
heard AS (
  SELECT plays.*, CASE WHEN until_ms IS NULL THEN NULL WHEN until_ms < begin_ms THEN 0
    WHEN until_ms - begin_ms < passed_ms THEN until_ms - begin_ms ELSE passed_ms END AS heard_ms
  FROM plays),
facts AS (
  SELECT day, at_ms, moment, event_type, user_id, session_id, song_id, song_name, artist_name, device_type, country,
    kafka_offset, kafka_partition, topic_id, heard_ms,
    CASE WHEN begin_ms < 30000 AND begin_ms + heard_ms >= 30000 THEN 1 ELSE 0 END AS is_stream,
    CASE WHEN begin_ms + heard_ms >= duration_ms THEN 1 ELSE 0 END AS is_completed FROM heard
  UNION ALL
  SELECT day, at_ms, moment, event_type, user_id, session_id, song_id, song_name, artist_name, device_type, country,
    kafka_offset, kafka_partition, topic_id, NULL, 0, 0 FROM kept WHERE event_type <> 'play'))",
                     kInSession, warehouse.epoch_ms("CAST(day AS TIMESTAMP)"));
}

/// Whole hours since 1970.
std::string hour_number(std::string_view millis) {
  return fmt::format("CAST(FLOOR({} / 3600000) AS BIGINT)", millis);
}

constexpr std::string_view kDailyColumns =
    "mart, what, song_name, artist_name, songs, events, plays, skips, pauses, adds, streams, completions, "
    "heard, listeners";
constexpr std::string_view kDailyFound =
    "events, total_plays, total_skips, total_pauses, playlist_adds, streams, completions, heard_ms, "
    "unique_listeners, -1";

Comparison daily(const warehouse::Warehouse& warehouse) {
  const std::string sql = fmt::format(
      R"(WITH {kept}, {heard},
named AS (SELECT facts.*, artist_name AS artist, song_id AS song, {hour} AS hour_number FROM facts),
grouped AS (
  SELECT GROUPING(song_id) AS no_song, GROUPING(artist) AS no_artist, day, song_id, artist, hour_number, country,
    device_type, MIN(song_name) AS song_name, MIN(artist_name) AS artist_name, COUNT(DISTINCT song) AS songs,
    COUNT(*) AS events, COUNT_IF(event_type = 'play') AS plays, COUNT_IF(event_type = 'skip') AS skips,
    COUNT_IF(event_type = 'pause') AS pauses, COUNT_IF(event_type = 'add_to_playlist') AS adds,
    CAST(SUM(is_stream) AS BIGINT) AS streams, CAST(SUM(is_completed) AS BIGINT) AS completions,
    CAST(COALESCE(SUM(heard_ms), 0) AS BIGINT) AS heard,
    COUNT(DISTINCT user_id) AS listeners
  FROM named GROUP BY GROUPING SETS ((day, song_id), (day, artist), (day, hour_number, country, device_type))),
both_sides AS (
  SELECT CASE WHEN no_song = 0 THEN 'SONG_DAILY' WHEN no_artist = 0 THEN 'ARTIST_DAILY'
      ELSE 'COUNTRY_DEVICE_HOURLY' END AS mart,
    CAST(day AS VARCHAR) || ' ' || CASE WHEN no_song = 0 THEN song_id WHEN no_artist = 0 THEN artist
      ELSE 'hour ' || CAST(hour_number AS VARCHAR) || ' ' || country || ' ' || device_type END AS what,
    CASE WHEN no_song = 0 THEN song_name ELSE '' END AS song_name,
    CASE WHEN no_song = 0 THEN artist_name ELSE '' END AS artist_name,
    CASE WHEN no_artist = 0 THEN songs ELSE 0 END AS songs,
    events, plays, skips, pauses, adds, streams, completions, heard, listeners, 1 AS side FROM grouped
  UNION ALL SELECT 'SONG_DAILY', CAST(day AS VARCHAR) || ' ' || song_id, song_name, artist_name, 0, {found}
  FROM MART.SONG_DAILY
  UNION ALL SELECT 'ARTIST_DAILY', CAST(day AS VARCHAR) || ' ' || artist_name, '', '', songs, {found}
  FROM MART.ARTIST_DAILY
  UNION ALL SELECT 'COUNTRY_DEVICE_HOURLY', CAST(day AS VARCHAR) || ' hour ' || CAST({mart_hour} AS VARCHAR) || ' ' ||
    country || ' ' || device_type, '', '', 0, {found} FROM MART.COUNTRY_DEVICE_HOURLY)
SELECT mart, what, CAST(SUM(side) AS BIGINT), song_name, artist_name, songs, events, plays, skips, pauses, adds, streams, completions,
  heard, listeners FROM both_sides GROUP BY {columns} HAVING SUM(side) <> 0)",
      fmt::arg("kept", kept(warehouse)), fmt::arg("heard", heard(warehouse)),
      fmt::arg("hour", hour_number("at_ms")), fmt::arg("found", kDailyFound),
      fmt::arg("mart_hour", hour_number(warehouse.epoch_ms("hour"))), fmt::arg("columns", kDailyColumns));
  return {{"MART.SONG_DAILY", "MART.ARTIST_DAILY", "MART.COUNTRY_DEVICE_HOURLY"}, sql, 9};
}

Comparison sessions(const warehouse::Warehouse& warehouse) {
  const std::string sql = fmt::format(
      R"(WITH {kept}, {heard},
before AS (SELECT facts.*, LAG(at_ms) {in_session} AS before_ms FROM facts),
begun AS (
  SELECT before.*, CASE WHEN before_ms IS NULL OR at_ms - before_ms > 1800000 THEN 1 ELSE 0 END AS begins FROM before),
numbered AS (
  SELECT begun.*, CAST(SUM(begins) OVER (PARTITION BY day, user_id, session_id
    ORDER BY moment, kafka_offset, kafka_partition, topic_id
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS gap_number FROM begun),
keyed AS (
  SELECT numbered.*, CASE WHEN session_id IS NULL THEN 'gap:' || CAST(gap_number AS VARCHAR)
    ELSE 'id:' || session_id END AS session_key FROM numbered),
ranked AS (
  SELECT keyed.*, ROW_NUMBER() OVER (PARTITION BY day, user_id, session_key
    ORDER BY moment DESC, kafka_offset DESC, kafka_partition DESC, topic_id DESC) AS from_last FROM keyed),
both_sides AS (
  SELECT CAST(day AS VARCHAR) || ' ' || user_id || ' ' || session_key AS what, MAX(session_id) AS session_id,
    MIN(at_ms) AS started, MAX(at_ms) AS ended, MAX(at_ms) - MIN(at_ms) AS duration,
    MAX(CASE WHEN from_last = 1 THEN device_type END) AS device_type,
    MAX(CASE WHEN from_last = 1 THEN country END) AS country, COUNT(*) AS events, COUNT(DISTINCT song_id) AS songs,
    COUNT_IF(event_type = 'play') AS plays, COUNT_IF(event_type = 'skip') AS skips,
    COUNT_IF(event_type = 'add_to_playlist') AS adds, CAST(SUM(is_stream) AS BIGINT) AS streams,
    CAST(COALESCE(SUM(heard_ms), 0) AS BIGINT) AS heard,
    1 AS side
  FROM ranked GROUP BY day, user_id, session_key
  UNION ALL SELECT CAST(day AS VARCHAR) || ' ' || user_id || ' ' || session_key, session_id, {started}, {ended},
    duration_ms, device_type, country, events, songs, total_plays, total_skips, playlist_adds, streams, heard_ms, -1
  FROM MART.LISTENER_SESSIONS)
SELECT 'LISTENER_SESSIONS', what, CAST(SUM(side) AS BIGINT), session_id, started, ended, duration, device_type, country, events, songs,
  plays, skips, adds, streams, heard FROM both_sides
GROUP BY what, session_id, started, ended, duration, device_type, country, events, songs, plays, skips, adds, streams,
  heard HAVING SUM(side) <> 0)",
      fmt::arg("kept", kept(warehouse)), fmt::arg("heard", heard(warehouse)),
      fmt::arg("in_session", kInSession), fmt::arg("started", warehouse.epoch_ms("started_at")),
      fmt::arg("ended", warehouse.epoch_ms("ended_at")));
  return {{"MART.LISTENER_SESSIONS"}, sql, 13};
}

Comparison hours(const warehouse::Warehouse& warehouse) {
  const std::string own = hour_number(warehouse.epoch_ms("timestamp"));
  const std::string brokers = hour_number(warehouse.epoch_ms("kafka_timestamp"));
  const std::string late =
      fmt::format("{} - {}", warehouse.epoch_ms("kafka_timestamp"), warehouse.epoch_ms("timestamp"));
  const std::string sql = fmt::format(
      R"(WITH fates AS (
  SELECT object_key, 1 AS kept, 0 AS duplicates, 0 AS by_sink, 0 AS by_silver,
    CASE WHEN {own} <> {brokers} THEN 1 ELSE 0 END AS skewed, {late} AS late_ms FROM TRANSFORM.SPOTIFY_SILVER
  UNION ALL SELECT object_key, 0, 1, 0, 0, 0, NULL FROM TRANSFORM.SPOTIFY_DUPLICATES
  UNION ALL SELECT object_key, 0, 0, CASE WHEN rejected_by = 'sink' THEN 1 ELSE 0 END,
    CASE WHEN rejected_by = 'silver' THEN 1 ELSE 0 END, 0, NULL FROM TRANSFORM.SPOTIFY_REJECTED),
of_objects AS (
  SELECT object_key, SUM(kept) AS kept, SUM(duplicates) AS duplicates, SUM(by_sink) AS by_sink,
    SUM(by_silver) AS by_silver, SUM(skewed) AS skewed, MAX(late_ms) AS late_ms FROM fates GROUP BY object_key),
objects AS (
  SELECT {hour} AS hour_number, last_offset - first_offset + 1 AS expected, of_objects.*
  FROM BRONZE.LOAD_LEDGER AS ledger JOIN of_objects ON of_objects.object_key = ledger.object_key),
both_sides AS (
  SELECT hour_number, COUNT(*) AS objects, CAST(SUM(expected) AS BIGINT) AS expected,
    CAST(SUM(kept + duplicates + by_sink + by_silver) AS BIGINT) AS records, CAST(SUM(kept) AS BIGINT) AS kept,
    CAST(SUM(duplicates) AS BIGINT) AS duplicates, CAST(SUM(by_sink) AS BIGINT) AS by_sink,
    CAST(SUM(by_silver) AS BIGINT) AS by_silver, CAST(SUM(skewed) AS BIGINT) AS skewed,
    CAST(MAX(late_ms) AS BIGINT) AS late_ms, 1 AS side
  FROM objects GROUP BY hour_number
  UNION ALL SELECT {mart_hour}, objects, records_expected, records, kept, duplicates, rejected_by_sink,
    rejected_by_silver, skewed_events, lateness_ms_max, -1 FROM MART.PIPELINE_HOURS)
SELECT 'PIPELINE_HOURS', 'hour ' || CAST(hour_number AS VARCHAR), CAST(SUM(side) AS BIGINT), objects, expected, records, kept, duplicates,
  by_sink, by_silver, skewed, late_ms FROM both_sides
GROUP BY hour_number, objects, expected, records, kept, duplicates, by_sink, by_silver, skewed, late_ms
HAVING SUM(side) <> 0)",
      fmt::arg("own", own), fmt::arg("brokers", brokers), fmt::arg("late", late),
      fmt::arg("hour", hour_number(warehouse.epoch_ms("first_timestamp"))),
      fmt::arg("mart_hour", hour_number(warehouse.epoch_ms("hour"))));
  return {{"MART.PIPELINE_HOURS"}, sql, 9};
}

/// `SONG_DAILY 2026-02-15 3344...: Shape of You, 12, 3`
std::string shown_row(warehouse::RowView row) {
  std::string text = fmt::format("{} {}:", row[0].value_or(""), row[1].value_or("NULL"));
  for (std::size_t i = 3; i < row.size(); ++i) text += fmt::format("{} {}", i > 3 ? "," : "", shown(row[i]));
  return text;
}

Result<void> compare(warehouse::Warehouse& warehouse, const Comparison& comparison, DerivedCounts& counts,
                     Findings& findings) {
  SDP_RETURN_IF_ERROR(warehouse.scan(comparison.sql, [&](warehouse::RowView row) {
    const bool missing = integer_of(row[2]).value_or(0) > 0;
    findings.item(Stage::marts,
                  missing ? "mart row that should be there" : "mart row that should not be there",
                  shown_row(row));
    return Result<void>();
  }));
  std::uint64_t rows = 0;
  for (const std::string& mart : comparison.marts) {
    SDP_RETURN_IF_ERROR(warehouse.scan("SELECT COUNT(*) FROM " + mart, [&](warehouse::RowView row) {
      rows += static_cast<std::uint64_t>(integer_of(row[0]).value_or(0));
      return Result<void>();
    }));
  }
  counts.tables += comparison.marts.size();
  counts.rows += rows;
  counts.cells += rows * comparison.cells_in_a_row;
  return {};
}

}  // namespace

Result<DerivedCounts> check_derived_marts(warehouse::Warehouse& warehouse,
                                          const std::set<std::string>& present, Findings& findings) {
  DerivedCounts counts;
  for (const Comparison& comparison : {daily(warehouse), sessions(warehouse), hours(warehouse)}) {
    const auto missing =
        std::ranges::find_if(comparison.marts, [&](const auto& mart) { return !present.contains(mart); });
    if (missing != comparison.marts.end()) {
      findings.note(fmt::format("{} is not there and was not looked at", *missing));
      continue;
    }
    SDP_RETURN_IF_ERROR(compare(warehouse, comparison, counts, findings));
  }
  return counts;
}

}  // namespace sdp::verify
