#include "warehouse/duckdb/schema.h"

#include <fmt/core.h>

namespace sdp::warehouse::duckdb {
namespace {

/// Where a bronze row comes from; the same in both tables.
constexpr std::string_view kCoordinates = R"(
  object_key       VARCHAR   NOT NULL,
  topic            VARCHAR   NOT NULL,
  topic_id         VARCHAR   NOT NULL,
  kafka_partition  INTEGER   NOT NULL,
  kafka_offset     BIGINT    NOT NULL,
  kafka_timestamp  TIMESTAMP NOT NULL,
  kafka_key        VARCHAR,
  kafka_key_base64 VARCHAR,
  kafka_headers    JSON,)";

}  // namespace

std::string create_statements() {
  return fmt::format(R"(
CREATE SCHEMA IF NOT EXISTS BRONZE;
CREATE SCHEMA IF NOT EXISTS TRANSFORM;
CREATE SCHEMA IF NOT EXISTS MART;
CREATE TABLE IF NOT EXISTS BRONZE.{} ({}
  payload          JSON      NOT NULL,
  loaded_at        TIMESTAMP NOT NULL
);
CREATE TABLE IF NOT EXISTS BRONZE.{} ({}
  error_code       VARCHAR   NOT NULL,
  raw_base64       VARCHAR,
  loaded_at        TIMESTAMP NOT NULL
);
CREATE TABLE IF NOT EXISTS BRONZE.{} (
  object_key       VARCHAR   PRIMARY KEY,
  topic            VARCHAR   NOT NULL,
  topic_id         VARCHAR   NOT NULL,
  kafka_partition  INTEGER   NOT NULL,
  first_offset     BIGINT    NOT NULL,
  last_offset      BIGINT    NOT NULL,
  records          BIGINT    NOT NULL,
  rejected         BIGINT    NOT NULL,
  first_timestamp  TIMESTAMP NOT NULL,
  last_timestamp   TIMESTAMP NOT NULL,
  sha256           VARCHAR   NOT NULL,
  writer           VARCHAR   NOT NULL,
  loaded_at        TIMESTAMP NOT NULL
);
)",
                     kEventsTable, kCoordinates, kRejectedTable, kCoordinates, kLedgerTable);
}

}  // namespace sdp::warehouse::duckdb
