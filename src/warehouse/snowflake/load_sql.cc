#include "warehouse/snowflake/load_sql.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utc_time.h"
#include "warehouse/snowflake/schema.h"

namespace sdp::warehouse::snowflake {
namespace {

constexpr std::size_t kRunTimeLength = std::string_view("20260215T175236123Z").size();
constexpr std::size_t kRunNameLength = kRunTimeLength + 1 + 8;

/// `20260215T175236123Z`: what may stand in a path.
std::string compact(UtcMillis time) {
  std::string text = base::format_iso(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == '.'; });
  return text;
}

std::optional<UtcMillis> parse_compact(std::string_view text) {
  if (text.size() != kRunTimeLength) return std::nullopt;
  return base::parse_iso(fmt::format("{}-{}-{}T{}:{}:{}.{}Z", text.substr(0, 4), text.substr(4, 2),
                                     text.substr(6, 2), text.substr(9, 2), text.substr(11, 2),
                                     text.substr(13, 2), text.substr(15, 3)));
}

std::string stage_path(std::string_view database) {
  return fmt::format("@{}.BRONZE.{}", database, kStage);
}

}  // namespace

std::string timestamp_literal(UtcMillis time) {
  std::string text = base::format_iso(time);
  text[text.find('T')] = ' ';
  text.pop_back();
  return fmt::format("'{}'::TIMESTAMP_NTZ(3)", text);
}

LoadSql::LoadSql(std::string_view database, std::string_view run, int load, UtcMillis loaded_at)
    : database_(database), run_(run), load_(load), loaded_at_(loaded_at) {}

std::string LoadSql::bronze(std::string_view name) const {
  return fmt::format("{}.BRONZE.{}", database_, name);
}

std::string LoadSql::create_staging() const {
  return fmt::format("CREATE OR REPLACE TEMPORARY TABLE {} (line VARIANT)", bronze(staging_table(run_)));
}

std::string LoadSql::put(std::string_view folder) const {
  return fmt::format(
      "PUT 'file://{}/*' {}/{}/{}/ AUTO_COMPRESS = FALSE SOURCE_COMPRESSION = ZSTD OVERWRITE = TRUE", folder,
      stage_path(database_), run_, load_);
}

std::string LoadSql::copy() const {
  return fmt::format(
      "COPY INTO {} FROM {}/{}/{}/ FILE_FORMAT = (TYPE = JSON COMPRESSION = ZSTD) ON_ERROR = ABORT_STATEMENT",
      bronze(staging_table(run_)), stage_path(database_), run_, load_);
}

std::string LoadSql::take_lock() const {
  return fmt::format("UPDATE {} SET holder = '{}', taken_at = {}", bronze(kLockTable), run_,
                     timestamp_literal(loaded_at_));
}

std::string LoadSql::select_loaded() const {
  return fmt::format("SELECT l.object_key FROM {} l JOIN {} s ON l.object_key = s.line:object_key::VARCHAR",
                     bronze(kLedgerTable), bronze(staging_table(run_)));
}

std::string LoadSql::insert_lines(std::string_view table, std::string_view number, std::string_view columns,
                                  std::string_view values) const {
  return fmt::format(
      R"(INSERT INTO {} (object_key, topic, topic_id, kafka_partition, kafka_offset, kafka_timestamp, kafka_key,
  kafka_key_base64, kafka_headers, {}, loaded_at)
SELECT o.line:object_key::VARCHAR, o.line:topic::VARCHAR, o.line:topic_id::VARCHAR, o.line:partition::INTEGER,
  s.line:offset::INTEGER, s.line:time::VARCHAR::TIMESTAMP_NTZ(3), s.line:key::VARCHAR,
  s.line:key_base64::VARCHAR, s.line:headers::VARCHAR, {}, {}
FROM {} s JOIN {} o ON s.line:{}::INTEGER = o.line:o::INTEGER
WHERE o.line:object_key::VARCHAR NOT IN (SELECT object_key FROM {}))",
      bronze(table), columns, values, timestamp_literal(loaded_at_), bronze(staging_table(run_)),
      bronze(staging_table(run_)), number, bronze(kLedgerTable));
}

std::string LoadSql::insert_events() const {
  return insert_lines(kEventsTable, "e", "payload", "s.line:payload::VARCHAR");
}

std::string LoadSql::insert_rejected() const {
  return insert_lines(kRejectedTable, "r", "error_code, raw_base64",
                      "s.line:code::VARCHAR, s.line:raw::VARCHAR");
}

std::string LoadSql::insert_ledger() const {
  return fmt::format(
      R"(INSERT INTO {0} (object_key, topic, topic_id, kafka_partition, first_offset, last_offset, records, rejected,
  first_timestamp, last_timestamp, sha256, writer, loaded_at)
SELECT o.line:object_key::VARCHAR, o.line:topic::VARCHAR, o.line:topic_id::VARCHAR, o.line:partition::INTEGER,
  o.line:first_offset::INTEGER, o.line:last_offset::INTEGER, o.line:records::INTEGER, o.line:rejected::INTEGER,
  o.line:first_time::VARCHAR::TIMESTAMP_NTZ(3), o.line:last_time::VARCHAR::TIMESTAMP_NTZ(3),
  o.line:sha256::VARCHAR, o.line:writer::VARCHAR, {1}
FROM {2} o
WHERE o.line:o IS NOT NULL AND o.line:object_key::VARCHAR NOT IN (SELECT object_key FROM {0}))",
      bronze(kLedgerTable), timestamp_literal(loaded_at_), bronze(staging_table(run_)));
}

std::string LoadSql::remove_files() const {
  return fmt::format("REMOVE {}/{}/{}/", stage_path(database_), run_, load_);
}

std::string staging_table(std::string_view run) {
  return fmt::format("LOAD_STAGING_{}", run.substr(run.rfind('-') + 1));
}

std::string run_name(UtcMillis started, std::uint64_t random) {
  return fmt::format("{}-{:08x}", compact(started), static_cast<std::uint32_t>(random));
}

std::optional<std::pair<std::string, UtcMillis>> run_of(std::string_view staged_file) {
  // `load_stage/<run>/<load>/lines-000000.json.zst`, with or without the stage's own name before it.
  for (std::size_t at = 0; at < staged_file.size(); ++at) {
    const auto end = std::min(staged_file.find('/', at), staged_file.size());
    const std::string_view folder = staged_file.substr(at, end - at);
    if (folder.size() == kRunNameLength && folder[kRunTimeLength] == '-') {
      const std::string_view random = folder.substr(kRunTimeLength + 1);
      const bool is_hex = random.find_first_not_of("0123456789abcdef") == std::string_view::npos;
      if (const auto started = parse_compact(folder.substr(0, kRunTimeLength)); started && is_hex)
        return std::pair(std::string(folder), *started);
    }
    at = end;
  }
  return std::nullopt;
}

std::string list_stage(std::string_view database) {
  return fmt::format("LIST {}", stage_path(database));
}

std::string remove_run(std::string_view database, std::string_view run) {
  return fmt::format("REMOVE {}/{}/", stage_path(database), run);
}

}  // namespace sdp::warehouse::snowflake
