#include "warehouse/snowflake/schema.h"

#include <fmt/format.h>

namespace sdp::warehouse::snowflake {
namespace {

/// Where a bronze row comes from; the same in both tables.
constexpr std::string_view kCoordinates = R"(
  object_key       VARCHAR          NOT NULL,
  topic            VARCHAR          NOT NULL,
  topic_id         VARCHAR          NOT NULL,
  kafka_partition  INTEGER          NOT NULL,
  kafka_offset     INTEGER          NOT NULL,
  kafka_timestamp  TIMESTAMP_NTZ(3) NOT NULL,
  kafka_key        VARCHAR,
  kafka_key_base64 VARCHAR,
  kafka_headers    VARCHAR,)";

std::string bronze(std::string_view database, std::string_view name) {
  return fmt::format("{}.BRONZE.{}", database, name);
}

std::string events_table(std::string_view database) {
  return fmt::format(R"(CREATE TABLE IF NOT EXISTS {} ({}
  payload          VARCHAR          NOT NULL,
  loaded_at        TIMESTAMP_NTZ(3) NOT NULL
))",
                     bronze(database, kEventsTable), kCoordinates);
}

std::string rejected_table(std::string_view database) {
  return fmt::format(R"(CREATE TABLE IF NOT EXISTS {} ({}
  error_code       VARCHAR          NOT NULL,
  raw_base64       VARCHAR,
  loaded_at        TIMESTAMP_NTZ(3) NOT NULL
))",
                     bronze(database, kRejectedTable), kCoordinates);
}

std::string ledger_table(std::string_view database) {
  return fmt::format(R"(CREATE TABLE IF NOT EXISTS {} (
  object_key       VARCHAR          NOT NULL,
  topic            VARCHAR          NOT NULL,
  topic_id         VARCHAR          NOT NULL,
  kafka_partition  INTEGER          NOT NULL,
  first_offset     INTEGER          NOT NULL,
  last_offset      INTEGER          NOT NULL,
  records          INTEGER          NOT NULL,
  rejected         INTEGER          NOT NULL,
  first_timestamp  TIMESTAMP_NTZ(3) NOT NULL,
  last_timestamp   TIMESTAMP_NTZ(3) NOT NULL,
  sha256           VARCHAR          NOT NULL,
  writer           VARCHAR          NOT NULL,
  loaded_at        TIMESTAMP_NTZ(3) NOT NULL
))",
                     bronze(database, kLedgerTable));
}

std::string lock_table(std::string_view database) {
  return fmt::format(R"(CREATE TABLE IF NOT EXISTS {} (
  holder           VARCHAR          NOT NULL,
  taken_at         TIMESTAMP_NTZ(3) NOT NULL
))",
                     bronze(database, kLockTable));
}

/// For people: models read the text, which is what can be proved.
std::string parsed_view(std::string_view database) {
  return fmt::format(
      "CREATE VIEW IF NOT EXISTS {0}_PARSED AS\nSELECT *, TRY_PARSE_JSON(payload) AS event FROM {0}",
      bronze(database, kEventsTable));
}

std::string stage(std::string_view database) {
  return fmt::format("CREATE STAGE IF NOT EXISTS {}", bronze(database, kStage));
}

std::string lock_row(std::string_view database) {
  return fmt::format(
      "INSERT INTO {0}\nSELECT 'nobody', '1970-01-01 00:00:00' WHERE NOT EXISTS (SELECT 1 FROM {0})",
      bronze(database, kLockTable));
}

}  // namespace

std::vector<std::string> database_statements(std::string_view database) {
  return {fmt::format("CREATE DATABASE IF NOT EXISTS {}", database),
          fmt::format("CREATE SCHEMA IF NOT EXISTS {}.BRONZE", database),
          fmt::format("CREATE SCHEMA IF NOT EXISTS {}.TRANSFORM", database),
          fmt::format("CREATE SCHEMA IF NOT EXISTS {}.MART", database)};
}

std::vector<std::string> bronze_statements(std::string_view database) {
  return {events_table(database), rejected_table(database), ledger_table(database), parsed_view(database),
          stage(database),        lock_table(database),     lock_row(database)};
}

}  // namespace sdp::warehouse::snowflake
