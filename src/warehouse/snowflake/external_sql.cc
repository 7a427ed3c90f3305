#include "warehouse/snowflake/external_sql.h"

#include <fmt/format.h>

#include <algorithm>

#include "lake/line.h"
#include "warehouse/snowflake/load_sql.h"
#include "warehouse/snowflake/schema.h"

namespace sdp::warehouse::snowflake {
namespace {

constexpr std::string_view kString = R"re("([^"\\]|\\.)*")re";

/// Between dollars a text stands as it is.
std::string quoted(std::string_view text) {
  return fmt::format("$${}$$", text);
}

std::string group(int number) {
  return fmt::format("NULLIF(REGEXP_SUBSTR(l.line, {}, 1, 1, 'e', {}), '')", quoted(line_prefix_regex()),
                     number);
}

/// The record's own members, or a rejected line's, with the closing brace.
std::string members() {
  return fmt::format("REGEXP_REPLACE(l.line, {}, '', 1, 1)", quoted(line_prefix_regex()));
}

/// The line's key where it is text, or where it is base64.
std::string key_where(std::string_view condition) {
  return fmt::format("IFF({} {}, TRY_PARSE_JSON({})::VARCHAR, NULL)", group(4), condition, group(5));
}

bool is_plain_key(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./=").contains(c);
  });
}

}  // namespace

std::string line_prefix_regex() {
  const std::string header = fmt::format(R"re(\[{0},({0}|null)(,{0})?\])re", kString);
  return fmt::format(
      R"re(^\{{"_kafka_partition":([0-9]+),"_kafka_offset":([0-9]+),"_kafka_timestamp":(-?[0-9]+),)re"
      R"re("_kafka_key(_base64)?":(null|{0})(,"_kafka_headers":(\[{1}(,{1})*\]))?,?)re",
      kString, header);
}

ExternalLoadSql::ExternalLoadSql(std::string_view database, std::string_view run, UtcMillis loaded_at)
    : database_(database), run_(run), loaded_at_(loaded_at) {}

std::string ExternalLoadSql::create_lines() const {
  return fmt::format(
      "CREATE OR REPLACE TEMPORARY TABLE {}.BRONZE.LAKE_LINES (object_key VARCHAR, line VARCHAR)", database_);
}

Result<std::string> ExternalLoadSql::copy(std::span<const std::string> object_keys) const {
  if (object_keys.empty() || object_keys.size() > kExternalFilesMax) {
    return fail(ErrorKind::bad_input,
                fmt::format("one COPY takes 1 to {} objects, not {}", kExternalFilesMax, object_keys.size()));
  }
  std::string files;
  for (const std::string& key : object_keys) {
    if (!is_plain_key(key)) return fail(ErrorKind::bad_input, fmt::format("object {}: no name of ours", key));
    files += fmt::format("{}'{}'", files.empty() ? "" : ", ", key);
  }
  return fmt::format(
      R"(COPY INTO {0}.BRONZE.LAKE_LINES FROM (SELECT METADATA$FILENAME, $1 FROM @{0}.BRONZE.LAKE_STAGE)
FILES = ({1})
FILE_FORMAT = (TYPE = CSV COMPRESSION = AUTO RECORD_DELIMITER = '\n' FIELD_DELIMITER = NONE ESCAPE = NONE
  ESCAPE_UNENCLOSED_FIELD = NONE FIELD_OPTIONALLY_ENCLOSED_BY = NONE NULL_IF = () EMPTY_FIELD_AS_NULL = FALSE)
ON_ERROR = ABORT_STATEMENT)",
      database_, files);
}

std::string ExternalLoadSql::insert(std::string_view table, std::string_view columns, std::string_view values,
                                    std::string_view which) const {
  return fmt::format(
      R"(INSERT INTO {0}.BRONZE.{1} (object_key, topic, topic_id, kafka_partition, kafka_offset, kafka_timestamp, kafka_key,
  kafka_key_base64, kafka_headers, {2}, loaded_at)
SELECT l.object_key, o.line:topic::VARCHAR, o.line:topic_id::VARCHAR, {3}::INTEGER, {4}::INTEGER,
  LEAST(GREATEST(TO_TIMESTAMP_NTZ({5}::INTEGER, 3), '0001-01-01'::TIMESTAMP_NTZ(3)), '9999-12-31 23:59:59.999'::TIMESTAMP_NTZ(3)),
  {6},
  {7},
  {8}, {9}, {10}
FROM {0}.BRONZE.LAKE_LINES l JOIN {0}.BRONZE.{14} o ON o.line:object_key::VARCHAR = l.object_key
WHERE OCTET_LENGTH(l.line) <= {11} AND {12} AND l.object_key NOT IN (SELECT object_key FROM {0}.BRONZE.{13}))",
      database_, table, columns, group(1), group(2), group(3), key_where("IS NULL"), key_where("IS NOT NULL"),
      group(8), values, timestamp_literal(loaded_at_), lake::kBronzeLineBytesMax, which, kLedgerTable,
      staging_table(run_));
}

std::string ExternalLoadSql::insert_events() const {
  return insert(kEventsTable, "payload", "'{' || " + members(),
                "NOT STARTSWITH(" + members() + ", '\"_error\":')");
}

std::string ExternalLoadSql::insert_rejected() const {
  const auto part = [](std::string_view regex) {
    return fmt::format("REGEXP_SUBSTR({}, {}, 1, 1, 'e', 1)", members(), quoted(regex));
  };
  return insert(kRejectedTable, "error_code, raw_base64",
                part(R"re(^"_error":"([a-z0-9_]+)")re") + ", " + part(R"re("_raw":"([A-Za-z0-9+/=]*)")re"),
                "STARTSWITH(" + members() + ", '\"_error\":')");
}

std::vector<std::string> external_stage_statements(std::string_view database, std::string_view role) {
  return {
      "CREATE STORAGE INTEGRATION IF NOT EXISTS SPOTIFY_LAKE\n  TYPE = EXTERNAL_STAGE\n  STORAGE_PROVIDER = "
      "'S3'\n  ENABLED = TRUE\n  STORAGE_AWS_ROLE_ARN = 'arn:aws:iam::<account>:role/<role>'\n  "
      "STORAGE_ALLOWED_LOCATIONS = ('s3://spotify/')",
      fmt::format("CREATE STAGE IF NOT EXISTS {}.BRONZE.LAKE_STAGE\n  URL = 's3://spotify/'\n  "
                  "STORAGE_INTEGRATION = SPOTIFY_LAKE",
                  database),
      fmt::format("GRANT USAGE ON STAGE {}.BRONZE.LAKE_STAGE TO ROLE {}", database, role)};
}

}  // namespace sdp::warehouse::snowflake
