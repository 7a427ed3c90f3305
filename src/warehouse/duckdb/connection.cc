#include "warehouse/duckdb/connection.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <utility>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/parallel.h"
#include "base/retry.h"
#include "warehouse/duckdb/check_options.h"
#include "warehouse/duckdb/error_kind.h"

namespace sdp::warehouse::duckdb {
namespace {

Result<OwnedConfig> make_config(const DuckDbOptions& options) {
  OwnedConfig config;
  const std::string threads = std::to_string(options.threads);
  std::vector<std::pair<const char*, const char*>> settings = {
      {"access_mode", options.read_only ? "READ_ONLY" : "READ_WRITE"},
      {"memory_limit", options.memory_limit.c_str()},
      {"threads", threads.c_str()},
      // Nothing is ever downloaded; what is built in is enough.
      {"autoinstall_known_extensions", "false"},
      {"autoload_known_extensions", "false"},
  };
  if (options.sealed) {
    // In this order: without access to files, not even the folder that is not to be used can be said.
    settings.insert(
        settings.end(),
        {{"temp_directory", ""}, {"enable_external_access", "false"}, {"lock_configuration", "true"}});
  }
  if (duckdb_create_config(config.out()) != DuckDBSuccess)
    return fail(ErrorKind::fatal, "DuckDB: no configuration");
  for (const auto& [name, value] : settings) {
    if (duckdb_set_config(config.get(), name, value) != DuckDBSuccess) {
      if (name == std::string_view("memory_limit")) {
        return fail(
            ErrorKind::misconfigured,
            fmt::format(
                "--warehouse-memory: '{}' is not a size that DuckDB takes; write it like 512MB or 2GB",
                value));
      }
      return fail(ErrorKind::misconfigured, fmt::format("DuckDB refuses {} = {}", name, value));
    }
  }
  return config;
}

/// A query with everything as text, so that one way of reading cells serves every type; DuckDB casts whole
/// columns at a time. The query stands on lines of its own, since it may end in a comment; being in brackets,
/// it cannot write.
std::string as_text(std::string_view query) {
  return fmt::format("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (\n{}\n)", query);
}

Column::Kind kind_of(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
      return Column::Kind::boolean;
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_UHUGEINT:
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_DECIMAL:
      return Column::Kind::number;
    default:
      return Column::Kind::text;
  }
}

std::vector<Column> columns_of(duckdb_prepared_statement statement) {
  std::vector<Column> columns;
  for (idx_t at = 0; at < duckdb_prepared_statement_column_count(statement); ++at) {
    const std::unique_ptr<const char, void (*)(const char*)> name(
        duckdb_prepared_statement_column_name(statement, at),
        [](const char* text) { duckdb_free(const_cast<char*>(text)); });
    columns.push_back(
        {name == nullptr ? "" : name.get(), kind_of(duckdb_prepared_statement_column_type(statement, at))});
  }
  return columns;
}

/// The text of one cell of a column of strings.
std::optional<std::string_view> cell(duckdb_string_t* strings, uint64_t* validity, idx_t row) {
  if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) return std::nullopt;
  return std::string_view(duckdb_string_t_data(&strings[row]), duckdb_string_t_length(strings[row]));
}

Result<void> visit_chunk(duckdb_data_chunk chunk, const std::function<Result<void>(RowView)>& visit) {
  const idx_t columns = duckdb_data_chunk_get_column_count(chunk);
  std::vector<duckdb_string_t*> strings(columns);
  std::vector<uint64_t*> validity(columns);
  for (idx_t column = 0; column < columns; ++column) {
    const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, column);
    strings[column] = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
    validity[column] = duckdb_vector_get_validity(vector);
  }
  std::vector<std::optional<std::string_view>> row(columns);
  for (idx_t at = 0; at < duckdb_data_chunk_get_size(chunk); ++at) {
    for (idx_t column = 0; column < columns; ++column)
      row[column] = cell(strings[column], validity[column], at);
    SDP_RETURN_IF_ERROR(visit(row));
  }
  return {};
}

/// Whether the file system can lock the file at all. DuckDB does not tell that from a lock that somebody else
/// has.
bool has_locks(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return true;
  struct flock lock{};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  const bool is_refused =
      ::fcntl(file, F_SETLK, &lock) != 0 && (errno == ENOLCK || errno == ENOSYS || errno == EOPNOTSUPP);
  // This drops every lock of ours on the file, but we have none: DuckDB did not get one.
  ::close(file);
  return !is_refused;
}

Result<OwnedDatabase> try_open(const std::string& path, duckdb_config config) {
  OwnedDatabase database;
  char* message = nullptr;
  if (duckdb_open_ext(path.c_str(), database.out(), config, &message) == DuckDBSuccess) return database;
  const std::unique_ptr<char, decltype(&duckdb_free)> guard(message, &duckdb_free);
  Error error = classify(path, message != nullptr ? message : "cannot be opened");
  if (error.kind != ErrorKind::fenced || has_locks(path)) return std::unexpected(std::move(error));
  return fail(
      ErrorKind::misconfigured,
      fmt::format("DuckDB {}: that file system has no locks; choose a --warehouse on a local one", path));
}

/// What a process had open that was killed a moment ago, or its dbt, is open until the kernel has taken it
/// apart.
constexpr std::chrono::milliseconds kGoneWithin{3'000};
constexpr std::chrono::milliseconds kPause{50};

Result<OwnedDatabase> open_file(const std::string& path, duckdb_config config) {
  Result<OwnedDatabase> opened;
  base::try_until(base::system_clock(), kGoneWithin, kPause, [&] {
    opened = try_open(path, config);
    return opened || opened.error().kind != ErrorKind::fenced;
  });
  return opened;
}

/// DuckDB makes a file in steps, and killed between them leaves one that nothing can open. So it is made
/// under another name and linked to its own when it is whole; who comes second takes the first one's.
Result<void> create_file(const std::string& path, duckdb_config config) {
  const std::string draft = fmt::format("{}.new-{}", path, getpid());
  std::error_code failure;
  std::filesystem::remove(draft, failure);  // of a process that was killed and had our id
  SDP_RETURN_IF_ERROR(open_file(draft, config));
  std::filesystem::create_hard_link(draft, path, failure);
  std::error_code ignored;
  std::filesystem::remove(draft, ignored);
  if (!failure || failure == std::errc::file_exists) return {};
  return fail(ErrorKind::cannot_write,
              fmt::format("DuckDB {}: cannot be made ({})", path, failure.message()));
}

}  // namespace

Result<void> check_options(const DuckDbOptions& options) {
  SDP_TRY(const OwnedConfig taken, make_config(options));
  return {};
}

std::string default_memory_limit(std::optional<std::uint64_t> usable_bytes) {
  constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;
  constexpr std::uint64_t kMin = 512 * kMebibyte;
  constexpr std::uint64_t kMax = 4096 * kMebibyte;
  return fmt::format("{}MiB", std::clamp(usable_bytes.value_or(0) / 4, kMin, kMax) / kMebibyte);
}

Result<Connection> Connection::open(const DuckDbOptions& options) {
  SDP_TRY(const OwnedConfig config, make_config(options));
  SDP_TRY(FileClaim claim, FileClaim::take(options.path));
  std::error_code failure;
  if (!options.read_only && !std::filesystem::exists(options.path, failure)) {
    SDP_RETURN_IF_ERROR(create_file(options.path, config.get()));
  }
  Connection connection(options.path, std::move(claim));
  SDP_RETURN_IF_ERROR(connection.connect(options.path, config.get()));
  return connection;
}

Result<Connection> Connection::open_in_memory(const DuckDbOptions& options) {
  DuckDbOptions in_memory = options;
  in_memory.read_only = false;
  SDP_TRY(const OwnedConfig config, make_config(in_memory));
  SDP_TRY(FileClaim claim, FileClaim::take(options.path));
  Connection connection(options.path, std::move(claim));
  SDP_RETURN_IF_ERROR(connection.connect(":memory:", config.get()));
  return connection;
}

Result<void> Connection::connect(const std::string& file, duckdb_config config) {
  SDP_TRY(database_, open_file(file, config));
  if (duckdb_connect(database_.get(), connection_.out()) != DuckDBSuccess)
    return fail(ErrorKind::fatal, fmt::format("DuckDB {}: no connection", path_));
  return {};
}

Result<void> Connection::execute(std::string_view sql) {
  OwnedResult result;
  if (duckdb_query(connection_.get(), std::string(sql).c_str(), result.get()) != DuckDBSuccess) {
    return std::unexpected(classify(path_, duckdb_result_error(result.get())));
  }
  return {};
}

Result<OwnedStatement> Connection::prepare(const std::string& sql, Told told) {
  OwnedStatement statement;
  if (duckdb_prepare(connection_.get(), sql.c_str(), statement.out()) != DuckDBSuccess)
    return std::unexpected(told(path_, duckdb_prepare_error(statement.get())));
  return statement;
}

Result<OwnedStatement> Connection::prepare_as_text(std::string_view sql) {
  return prepare(as_text(base::trimmed_back(sql, "; \t\r\n")), &classify);
}

Result<void> Connection::scan(std::string_view sql,
                              const std::function<void(std::vector<std::string>)>& columns,
                              const std::function<Result<void>(RowView)>& visit) {
  SDP_TRY(const OwnedStatement statement, prepare_as_text(sql));
  const auto tell_names = [&](duckdb_result* result) {
    std::vector<std::string> names;
    names.reserve(duckdb_column_count(result));
    for (idx_t column = 0; column < duckdb_column_count(result); ++column)
      names.emplace_back(duckdb_column_name(result, column));
    columns(std::move(names));
  };
  return stream(statement.get(), tell_names, visit, &classify);
}

Result<void> Connection::scan_side_by_side(std::string_view sql, int threads, const WorkerVisit& visit) {
  SDP_TRY(const OwnedStatement statement, prepare_as_text(sql));
  OwnedResult result;
  if (duckdb_execute_prepared_streaming(statement.get(), result.get()) != DuckDBSuccess) {
    return std::unexpected(classify(path_, duckdb_result_error(result.get())));
  }
  // One fetches while the others look at what they have.
  std::mutex fetching;
  std::atomic<bool> is_over = false;
  const auto next_chunk = [&] {
    const std::lock_guard lock(fetching);
    OwnedChunk chunk = is_over ? OwnedChunk() : result.next_chunk();
    if (!chunk) is_over = true;
    return chunk;
  };
  const auto work = [&](int worker) -> Result<void> {
    while (const OwnedChunk chunk = next_chunk()) {
      auto visited = visit_chunk(chunk.get(), [&](RowView row) { return visit(worker, row); });
      if (visited) continue;
      is_over = true;
      return visited;
    }
    return {};
  };
  SDP_RETURN_IF_ERROR(base::in_parallel(threads, static_cast<std::size_t>(std::max(threads, 1)),
                                        [&](std::size_t, int worker) { return work(worker); }));
  if (const char* message = duckdb_result_error(result.get()); message != nullptr && *message != '\0') {
    return std::unexpected(classify(path_, message));
  }
  return {};
}

Result<void> Connection::stream(duckdb_prepared_statement statement,
                                const std::function<void(duckdb_result*)>& columns,
                                const std::function<Result<void>(RowView)>& visit, Told told) {
  OwnedResult result;
  if (duckdb_execute_prepared_streaming(statement, result.get()) != DuckDBSuccess) {
    return std::unexpected(told(path_, duckdb_result_error(result.get())));
  }
  columns(result.get());
  while (const OwnedChunk chunk = result.next_chunk()) SDP_RETURN_IF_ERROR(visit_chunk(chunk.get(), visit));
  if (const char* message = duckdb_result_error(result.get()); message != nullptr && *message != '\0') {
    return std::unexpected(told(path_, message));
  }
  return {};
}

Result<void> Connection::ask(std::string_view sql, const AnswerVisitor& visitor) {
  // 1. As it was written: for its kind, its columns, and so that an error is about this text.
  SDP_TRY(const OwnedStatement written, prepare(std::string(sql), &classify_statement));
  const duckdb_statement_type type = duckdb_prepared_statement_type(written.get());
  if (type != DUCKDB_STATEMENT_TYPE_SELECT && type != DUCKDB_STATEMENT_TYPE_EXPLAIN)
    return fail(ErrorKind::bad_input, "only what reads may run here, but this statement is not a query");
  const std::vector<Column> columns = columns_of(written.get());
  const auto tell_columns = [&](duckdb_result*) { visitor.columns(columns); };
  // 2. The plan of EXPLAIN is text, and cannot be queried.
  if (type == DUCKDB_STATEMENT_TYPE_EXPLAIN)
    return stream(written.get(), tell_columns, visitor.row, &classify_statement);
  // 3. Anything else with all its cells as text.
  SDP_TRY(const OwnedStatement statement, prepare(as_text(sql), &classify_statement));
  return stream(statement.get(), tell_columns, visitor.row, &classify_statement);
}

Result<void> Connection::use(const std::string& statement) {
  SDP_TRY(const OwnedStatement prepared, prepare(statement, &classify_statement));
  OwnedResult result;
  if (duckdb_execute_prepared(prepared.get(), result.get()) == DuckDBSuccess) return {};
  return std::unexpected(classify_statement(path_, duckdb_result_error(result.get())));
}

Result<OwnedAppender> Connection::appender(std::string_view schema, std::string_view table) {
  OwnedAppender appender;
  if (duckdb_appender_create(connection_.get(), std::string(schema).c_str(), std::string(table).c_str(),
                             appender.out()) != DuckDBSuccess) {
    return std::unexpected(appender_error(appender.get()));
  }
  return appender;
}

Result<void> Connection::add_function(duckdb_table_function function) {
  if (duckdb_register_table_function(connection_.get(), function) == DuckDBSuccess) return {};
  return fail(ErrorKind::fatal, fmt::format("DuckDB {}: refuses a table function of ours", path_));
}

Error Connection::appender_error(duckdb_appender appender) const {
  const char* message = appender != nullptr ? duckdb_appender_error(appender) : nullptr;
  return classify(path_, message != nullptr ? message : "rows cannot be appended");
}

}  // namespace sdp::warehouse::duckdb
