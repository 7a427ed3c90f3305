#include "warehouse/duckdb/forget_topics.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "warehouse/duckdb/schema.h"
#include "warehouse/sql_text.h"

namespace sdp::warehouse::duckdb {
namespace {

/// A dbt snapshot goes on over full refreshes, so no build makes it again. Names of dbt are in lower case.
constexpr std::string_view kHistory = "listener_history";
constexpr std::array<std::string_view, 3> kBronze{kEventsTable, kRejectedTable, kLedgerTable};

std::string list_of_texts(const std::set<std::string>& texts) {
  std::vector<std::string> literals;
  for (const std::string& text : texts) literals.push_back(sql_literal(text, Dialect::duckdb));
  // What no row has: a NULL would be neither in the list nor outside of it.
  if (literals.empty()) literals.emplace_back("''");
  return fmt::format("({})", fmt::join(literals, ", "));
}

using Row = std::vector<std::string>;

Result<std::vector<Row>> read_rows(Connection& connection, const std::string& sql) {
  std::vector<Row> rows;
  SDP_RETURN_IF_ERROR(connection.scan(
      sql, [](const std::vector<std::string>&) {},
      [&](RowView row) -> Result<void> {
        Row& added = rows.emplace_back();
        for (const CellView cell : row) added.emplace_back(cell.value_or(""));
        return {};
      }));
  return rows;
}

Result<std::uint64_t> read_count(Connection& connection, const std::string& sql) {
  SDP_TRY(const auto rows, read_rows(connection, sql));
  std::uint64_t number = 0;
  if (!rows.empty()) {
    const std::string& text = rows.front().front();
    std::from_chars(text.data(), text.data() + text.size(), number);
  }
  return number;
}

/// Tables with a column, as `TRANSFORM.spotify_duplicates`; views are made of them.
Result<std::vector<std::string>> tables_with(Connection& connection, std::string_view column) {
  SDP_TRY(const auto rows, read_rows(connection, fmt::format(R"(
SELECT schema_name || '.' || table_name
FROM duckdb_columns()
WHERE database_name = 'spotify_db' AND NOT internal AND lower(column_name) = {}
  AND (schema_name, table_name) IN
      (SELECT (schema_name, table_name) FROM duckdb_tables() WHERE database_name = 'spotify_db')
ORDER BY ALL)",
                                                             sql_literal(column, Dialect::duckdb))));
  std::vector<std::string> tables;
  for (const Row& row : rows) tables.push_back(row.front());
  return tables;
}

Result<bool> has_table(Connection& connection, std::string_view schema, std::string_view table) {
  SDP_TRY(
      const auto found,
      read_count(connection,
                 fmt::format("SELECT count(*) FROM duckdb_tables() WHERE database_name = 'spotify_db' AND "
                             "schema_name = {} AND lower(table_name) = lower({})",
                             sql_literal(schema, Dialect::duckdb), sql_literal(table, Dialect::duckdb))));
  return found > 0;
}

/// Listeners of these topics: of an import of eventsim's there are several.
Result<std::set<std::string>> listeners_of(Connection& connection, const ToForget& what) {
  std::set<std::string> users{what.user_id};
  SDP_TRY(const bool is_judged, has_table(connection, "TRANSFORM", "int_events_judged"));
  if (!is_judged) return users;
  SDP_TRY(const auto rows,
          read_rows(connection, fmt::format("SELECT DISTINCT user_id FROM TRANSFORM.int_events_judged WHERE "
                                            "topic_id IN {} AND user_id IS NOT NULL",
                                            list_of_texts(what.topic_ids))));
  for (const Row& row : rows) users.insert(row.front());
  return users;
}

/// How many rows, and what all of them add up to, in whatever order they lie.
Result<Row> sum_of_rows(Connection& connection, const std::string& table, const std::string& where) {
  SDP_TRY(auto rows, read_rows(connection, fmt::format("SELECT count(*), coalesce(sum(hash(one)), 0), "
                                                       "coalesce(bit_xor(hash(one)), 0) FROM {} AS one{}",
                                                       table, where)));
  return std::move(rows.front());
}

Result<void> copy_rows(Connection& connection, const std::string& table, const std::string& where,
                       bool is_there) {
  SDP_RETURN_IF_ERROR(connection.execute(
      is_there ? fmt::format("INSERT INTO forgetting.{0} BY NAME FROM spotify_db.{0}{1}", table, where)
               : fmt::format("CREATE TABLE forgetting.{0} AS FROM spotify_db.{0}{1}", table, where)));
  SDP_TRY(const Row wanted, sum_of_rows(connection, "spotify_db." + table, where));
  SDP_TRY(const Row copied, sum_of_rows(connection, "forgetting." + table, ""));
  if (copied == wanted) return {};
  return fail(ErrorKind::fatal, fmt::format("DuckDB {}: the copy of {} has other rows: {} instead of {}",
                                            connection.path(), table, copied.front(), wanted.front()));
}

}  // namespace

Result<TopicRows> find_topics(Connection& connection, const ToForget& what) {
  TopicRows found;
  const std::string topics = list_of_texts(what.topic_ids);
  SDP_TRY(const auto tables, tables_with(connection, "topic_id"));
  for (const std::string& table : tables) {
    SDP_TRY(
        const auto rows,
        read_count(connection, fmt::format("SELECT count(*) FROM {} WHERE topic_id IN {}", table, topics)));
    if (rows > 0) found.tables.push_back({table, rows});
  }
  SDP_TRY(const bool has_history, has_table(connection, "MART", kHistory));
  if (has_history && !found.tables.empty()) {
    SDP_TRY(const auto users, listeners_of(connection, what));
    SDP_TRY(const auto rows,
            read_count(connection, fmt::format("SELECT count(*) FROM MART.{} WHERE user_id IN {}", kHistory,
                                               list_of_texts(users))));
    if (rows > 0) found.tables.push_back({fmt::format("MART.{}", kHistory), rows});
  }
  SDP_TRY(const bool is_loaded, has_table(connection, "BRONZE", kEventsTable));
  if (!is_loaded) return found;
  SDP_TRY(const auto elsewhere,
          read_rows(connection,
                    fmt::format("SELECT topic_id, count(*) FROM BRONZE.{} WHERE topic_id NOT IN {} "
                                "AND contains(CAST(payload AS VARCHAR), {}) GROUP BY ALL ORDER BY ALL",
                                kEventsTable, topics, sql_literal(what.user_id, Dialect::duckdb))));
  for (const Row& row : elsewhere) {
    TableRows& added = found.elsewhere.emplace_back(row[0], 0);
    std::from_chars(row[1].data(), row[1].data() + row[1].size(), added.rows);
  }
  return found;
}

Result<void> check_only_ours(Connection& connection) {
  // Before the first batch is closed nothing says what dbt makes.
  SDP_TRY(const bool has_parts, has_table(connection, "TRANSFORM", "transform_parts"));
  const std::string parts = has_parts
                                ? "SELECT name FROM TRANSFORM.transform_parts WHERE kind IN ('mart', 'model')"
                                : "SELECT NULL AS name WHERE 1 = 0";
  SDP_TRY(const auto others,
          read_rows(connection, fmt::format(R"(
WITH parts AS ({0}),
things AS (
    SELECT schema_name, table_name AS name FROM duckdb_tables() WHERE database_name = 'spotify_db' AND NOT internal
    UNION ALL
    SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = 'spotify_db' AND NOT internal
    UNION ALL
    SELECT schema_name, function_name FROM duckdb_functions() WHERE database_name = 'spotify_db' AND NOT internal
    UNION ALL
    SELECT schema_name, sequence_name FROM duckdb_sequences() WHERE database_name = 'spotify_db'
)
SELECT schema_name || '.' || name
FROM things
WHERE NOT (schema_name = 'BRONZE' AND upper(name) IN ('{1}', '{2}', '{3}'))
  AND NOT (schema_name = 'TRANSFORM' AND upper(name) IN ('TRANSFORM_LEDGER', 'TRANSFORM_PARTS'))
  AND NOT (schema_name IN ('TRANSFORM', 'MART')
           AND (contains(name, '__dbt_') OR NOT EXISTS (SELECT 1 FROM parts)
                OR upper(schema_name || '.' || name) IN (SELECT name FROM parts)))
ORDER BY ALL)",
                                            parts, kEventsTable, kRejectedTable, kLedgerTable)));
  if (others.empty()) return {};
  return fail(ErrorKind::misconfigured,
              fmt::format("DuckDB {}: {} was made by somebody, may have rows of the person, and would not be "
                          "in the new file; copy it elsewhere, drop it, and run this again",
                          connection.path(), others.front().front()));
}

Result<std::string> mapping_of(Connection& connection) {
  SDP_TRY(const bool has_parts, has_table(connection, "TRANSFORM", "transform_parts"));
  if (!has_parts) return "";
  SDP_TRY(const auto rows,
          read_rows(connection, "SELECT definition FROM TRANSFORM.transform_parts WHERE kind = 'mapping'"));
  return rows.empty() ? "" : rows.front().front();
}

Result<void> copy_without(Connection& connection, const ToForget& what, const std::string& to) {
  SDP_TRY(const auto users, listeners_of(connection, what));
  SDP_RETURN_IF_ERROR(
      connection.execute(fmt::format("ATTACH {} AS forgetting", sql_literal(to, Dialect::duckdb))));
  SDP_RETURN_IF_ERROR(connection.execute("USE forgetting"));
  SDP_RETURN_IF_ERROR(connection.execute(create_statements()));
  SDP_RETURN_IF_ERROR(connection.execute("USE spotify_db"));
  const std::string others = fmt::format(" WHERE topic_id NOT IN {}", list_of_texts(what.topic_ids));
  for (const std::string_view table : kBronze)
    SDP_RETURN_IF_ERROR(copy_rows(connection, fmt::format("BRONZE.{}", table), others, true));
  SDP_TRY(const bool has_history, has_table(connection, "MART", kHistory));
  if (has_history) {
    SDP_RETURN_IF_ERROR(copy_rows(connection, fmt::format("MART.{}", kHistory),
                                  fmt::format(" WHERE user_id NOT IN {}", list_of_texts(users)), false));
  }
  SDP_RETURN_IF_ERROR(connection.execute("CHECKPOINT forgetting"));
  return connection.execute("DETACH forgetting");
}

Result<void> check_forgotten(Connection& connection, const ToForget& what, bool user_is_elsewhere) {
  const auto check = [&](std::string_view column, const std::string& texts) -> Result<void> {
    SDP_TRY(const auto tables, tables_with(connection, column));
    for (const std::string& table : tables) {
      SDP_TRY(const auto rows, read_count(connection, fmt::format("SELECT count(*) FROM {} WHERE {} IN {}",
                                                                  table, column, texts)));
      if (rows == 0) continue;
      return fail(ErrorKind::fatal, fmt::format("DuckDB {}: {} still has {} rows by their {}",
                                                connection.path(), table, rows, column));
    }
    return {};
  };
  SDP_RETURN_IF_ERROR(check("topic_id", list_of_texts(what.topic_ids)));
  return user_is_elsewhere ? Result<void>{} : check("user_id", list_of_texts({what.user_id}));
}

}  // namespace sdp::warehouse::duckdb
