#include "warehouse/snowflake/schema.h"

#include <fmt/format.h>

#include "warehouse/snowflake/external_sql.h"

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

std::string as_text(std::string_view heading, const std::vector<std::string>& statements) {
  std::string text(heading);
  for (const std::string& statement : statements) text += fmt::format("\n{};\n", statement);
  return text;
}

constexpr std::string_view kWarehouseHeading =
    R"(-- Run by SYSADMIN. Extra small is enough for loads and models up to about 10,000 events a second; docs/snowflake.md has
-- the arithmetic. It is suspended after a minute without work, since each start is billed for at least one.
)";
constexpr std::string_view kDatabaseHeading =
    R"(-- Run by SYSADMIN, or by `spotify-pipeline warehouse init` with a role that may create databases.
)";
constexpr std::string_view kBronzeHeading =
    R"(-- Run by the owner of the database, or by `spotify-pipeline warehouse init`, which runs just this. The columns are those of
-- docs/formats/bronze-tables.md.
)";
constexpr std::string_view kRoleHeading =
    R"(-- Run by SECURITYADMIN after the others. The pipeline's role may use one warehouse, and add to bronze; it owns what dbt builds in
-- TRANSFORM and MART, and may change nothing else. Then, for the user that the pipeline signs in as:
--   CREATE USER IF NOT EXISTS SPOTIFY_PIPELINE TYPE = SERVICE DEFAULT_ROLE = SPOTIFY_PIPELINE RSA_PUBLIC_KEY = '...';
--   GRANT ROLE SPOTIFY_PIPELINE TO USER SPOTIFY_PIPELINE;
)";

constexpr std::string_view kExternalHeading =
    R"(-- NOT VERIFIED on an account, and not used by the loader yet: the lake's bucket as a stage, for loads that need not move lines through
-- the loader. Run by ACCOUNTADMIN; put in the ARN of a role that may read the bucket, and let it trust the user that
-- `DESCRIBE INTEGRATION SPOTIFY_LAKE` names.
)";

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

std::vector<std::string> role_statements(std::string_view database, std::string_view role,
                                         std::string_view warehouse) {
  std::vector<std::string> statements = {
      fmt::format("CREATE ROLE IF NOT EXISTS {}", role),
      fmt::format("GRANT ROLE {} TO ROLE SYSADMIN", role),
      fmt::format("GRANT USAGE ON WAREHOUSE {} TO ROLE {}", warehouse, role),
      fmt::format("GRANT USAGE ON DATABASE {} TO ROLE {}", database, role),
      fmt::format("GRANT USAGE ON SCHEMA {}.BRONZE TO ROLE {}", database, role),
      fmt::format("GRANT READ, WRITE ON STAGE {} TO ROLE {}", bronze(database, kStage), role),
      fmt::format("GRANT SELECT ON VIEW {}_PARSED TO ROLE {}", bronze(database, kEventsTable), role),
      fmt::format("GRANT SELECT, UPDATE ON TABLE {} TO ROLE {}", bronze(database, kLockTable), role)};
  for (const std::string_view table : {kEventsTable, kRejectedTable, kLedgerTable})
    statements.push_back(
        fmt::format("GRANT SELECT, INSERT ON TABLE {} TO ROLE {}", bronze(database, table), role));
  for (const std::string_view schema : {"TRANSFORM", "MART"})
    statements.push_back(fmt::format("GRANT USAGE, CREATE TABLE, CREATE VIEW ON SCHEMA {}.{} TO ROLE {}",
                                     database, schema, role));
  return statements;
}

std::vector<std::string> warehouse_statements(std::string_view warehouse) {
  return {
      fmt::format("CREATE WAREHOUSE IF NOT EXISTS {}\n  WAREHOUSE_SIZE = 'XSMALL'\n  AUTO_SUSPEND = 60\n  "
                  "AUTO_RESUME = TRUE\n  INITIALLY_SUSPENDED = TRUE\n  STATEMENT_TIMEOUT_IN_SECONDS = 3600",
                  warehouse)};
}

std::vector<Document> documents() {
  constexpr std::string_view kDatabase = "SPOTIFY_DB";
  constexpr std::string_view kWarehouse = "SPOTIFY_WH";
  constexpr std::string_view kRole = "SPOTIFY_PIPELINE";
  return {
      {"1-warehouse.sql", as_text(kWarehouseHeading, warehouse_statements(kWarehouse))},
      {"2-database.sql", as_text(kDatabaseHeading, database_statements(kDatabase))},
      {"3-bronze.sql", as_text(kBronzeHeading, bronze_statements(kDatabase))},
      {"4-role.sql", as_text(kRoleHeading, role_statements(kDatabase, kRole, kWarehouse))},
      {"5-external-stage.sql", as_text(kExternalHeading, external_stage_statements(kDatabase, kRole))},
  };
}

}  // namespace sdp::warehouse::snowflake
