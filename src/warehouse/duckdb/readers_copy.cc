#include "warehouse/duckdb/readers_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <vector>

#include "warehouse/duckdb/schema.h"
#include "warehouse/sql_text.h"

namespace sdp::warehouse::duckdb {
namespace {

/// The whole schema of the marts, and of the others what says where rows are that the marts do not count. dbt
/// writes names in lower case.
std::string tables_query() {
  return fmt::format(R"(
SELECT schema_name, table_name
FROM duckdb_tables()
WHERE database_name = 'spotify_db' AND NOT internal
  AND (schema_name = 'MART'
       OR (upper(schema_name), upper(table_name)) IN (
         ('BRONZE', '{}'), ('BRONZE', '{}'), ('TRANSFORM', 'TRANSFORM_LEDGER'),
         ('TRANSFORM', 'SPOTIFY_DUPLICATES'), ('TRANSFORM', 'SPOTIFY_REJECTED'),
         ('TRANSFORM', 'SPOTIFY_FAULTS')))
ORDER BY ALL)",
                     kLedgerTable, kRejectedTable);
}

struct TableName {
  std::string schema;
  std::string table;
};

Result<std::vector<TableName>> tables_of(Connection& connection) {
  std::vector<TableName> tables;
  SDP_RETURN_IF_ERROR(connection.scan(
      tables_query(), [](const std::vector<std::string>&) {},
      [&](RowView row) -> Result<void> {
        tables.push_back({std::string(row[0].value_or("")), std::string(row[1].value_or(""))});
        return {};
      }));
  return tables;
}

Result<std::uint64_t> rows_of(Connection& connection, std::string_view table) {
  std::uint64_t rows = 0;
  SDP_RETURN_IF_ERROR(connection.scan(
      fmt::format("SELECT count(*) FROM {}", table), [](const std::vector<std::string>&) {},
      [&](RowView row) -> Result<void> {
        const std::string_view text = row[0].value_or("");
        std::from_chars(text.data(), text.data() + text.size(), rows);
        return {};
      }));
  return rows;
}

}  // namespace

Result<Connection> open_to_copy(const DuckDbOptions& from) {
  SDP_TRY(Connection connection, Connection::open_in_memory(from));
  SDP_RETURN_IF_ERROR(connection.execute(
      fmt::format("ATTACH {} AS spotify_db (READ_ONLY)", sql_literal(from.path, Dialect::duckdb))));
  SDP_RETURN_IF_ERROR(connection.execute("USE spotify_db"));
  return connection;
}

Result<ReadersCopy> write_readers_copy(Connection& connection, const std::string& to) {
  // What does not fit into memory goes beside the copy, not into the folder where the program runs.
  const auto spill = std::filesystem::path(to).parent_path() / "spill";
  SDP_RETURN_IF_ERROR(connection.execute(
      fmt::format("SET temp_directory = {}", sql_literal(spill.string(), Dialect::duckdb))));
  SDP_TRY(const auto tables, tables_of(connection));
  if (std::ranges::none_of(tables, [](const TableName& table) { return table.schema == "MART"; })) {
    return fail(ErrorKind::misconfigured,
                fmt::format("DuckDB {}: there are no marts yet; run `transform` first", connection.path()));
  }
  SDP_RETURN_IF_ERROR(connection.execute(
      fmt::format("ATTACH {} AS readers (STORAGE_VERSION 'v1.0.0')", sql_literal(to, Dialect::duckdb))));
  ReadersCopy copy;
  for (const auto& [schema, table] : tables) {
    const std::string name = fmt::format("{}.{}", sql_identifier(schema), sql_identifier(table));
    SDP_RETURN_IF_ERROR(
        connection.execute(fmt::format("CREATE SCHEMA IF NOT EXISTS readers.{}", sql_identifier(schema))));
    SDP_RETURN_IF_ERROR(
        connection.execute(fmt::format("CREATE TABLE readers.{0} AS FROM spotify_db.{0}", name)));
    SDP_TRY(const std::uint64_t rows, rows_of(connection, "readers." + name));
    ++copy.tables;
    copy.rows += rows;
  }
  SDP_RETURN_IF_ERROR(connection.execute("CHECKPOINT readers"));
  SDP_RETURN_IF_ERROR(connection.execute("DETACH readers"));
  std::error_code failure;
  std::filesystem::remove_all(spill, failure);
  if (std::filesystem::exists(to + ".wal", failure)) {
    return fail(ErrorKind::fatal, fmt::format("DuckDB {}: its log was not written into the file", to));
  }
  return copy;
}

}  // namespace sdp::warehouse::duckdb
