#include "warehouse/duckdb/duckdb_warehouse.h"

#include <duckdb.h>
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "warehouse/duckdb/bronze_writer.h"
#include "warehouse/duckdb/schema.h"
#include "warehouse/warehouse.h"

namespace sdp::warehouse {
namespace {

constexpr std::string_view kFileName = "spotify_db.duckdb";

Result<void> check_name(const std::filesystem::path& path) {
  if (path.filename() == kFileName) return {};
  return fail(ErrorKind::misconfigured,
              fmt::format("warehouse {}: the file must be named {}, since DuckDB names the "
                          "database SPOTIFY_DB after it",
                          path.string(), kFileName));
}

}  // namespace

DuckDbWarehouse::DuckDbWarehouse(const duckdb::DuckDbOptions& options, duckdb::Connection connection,
                                 Clock& clock)
    : path_(options.path), on_step_(options.on_step), connection_(std::move(connection)), clock_(clock) {}

Result<std::unique_ptr<DuckDbWarehouse>> DuckDbWarehouse::open(const duckdb::DuckDbOptions& options,
                                                               Clock& clock) {
  const std::filesystem::path path(options.path);
  SDP_RETURN_IF_ERROR(check_name(path));
  std::error_code failure;
  if (!options.read_only)
    std::filesystem::create_directories(std::filesystem::absolute(path).parent_path(), failure);
  if (failure) {
    return fail(ErrorKind::cannot_write,
                fmt::format("warehouse folder {}: {}", path.parent_path().string(), failure.message()));
  }
  SDP_TRY(duckdb::Connection connection, duckdb::Connection::open(options));
  std::unique_ptr<DuckDbWarehouse> warehouse(new DuckDbWarehouse(options, std::move(connection), clock));
  if (!options.read_only) {
    SDP_TRY(warehouse->pulled_events_, duckdb::PulledEvents::install(*warehouse->connection_));
  }
  return warehouse;
}

Result<std::unique_ptr<DuckDbWarehouse>> DuckDbWarehouse::open_to_copy(const duckdb::DuckDbOptions& options,
                                                                       Clock& clock) {
  SDP_RETURN_IF_ERROR(check_name(options.path));
  SDP_TRY(duckdb::Connection connection, duckdb::open_to_copy(options));
  return std::unique_ptr<DuckDbWarehouse>(new DuckDbWarehouse(options, std::move(connection), clock));
}

Result<duckdb::ReadersCopy> DuckDbWarehouse::copy_for_readers(const std::string& to) {
  SDP_TRY(duckdb::Connection * connection, this->connection());
  return duckdb::write_readers_copy(*connection, to);
}

std::string DuckDbWarehouse::library_version() {
  return ::duckdb_library_version();
}

Result<duckdb::Connection*> DuckDbWarehouse::connection() {
  if (!connection_) return fail(ErrorKind::fatal, fmt::format("DuckDB {} was closed", path_));
  return &*connection_;
}

Result<void> DuckDbWarehouse::init() {
  SDP_TRY(duckdb::Connection * connection, this->connection());
  return connection->execute(duckdb::create_statements());
}

Result<bool> DuckDbWarehouse::has_ledger() {
  SDP_TRY(const Table found,
          query("SELECT 1 FROM information_schema.tables WHERE table_schema = 'BRONZE' AND "
                "table_name = 'LOAD_LEDGER'"));
  return !found.rows.empty();
}

Result<std::vector<LoadedChain>> DuckDbWarehouse::loaded_chains() {
  return read_chains(*this);
}

Result<std::vector<std::string>> DuckDbWarehouse::loaded_objects() {
  return read_objects(*this);
}

Result<LoadCounts> DuckDbWarehouse::load(ObjectSource& objects) {
  SDP_TRY(duckdb::Connection * connection, this->connection());
  SDP_RETURN_IF_ERROR(connection->execute("BEGIN TRANSACTION"));
  step("begun");
  auto counts = write_objects(*connection, objects);
  if (counts) {
    if (auto committed = connection->execute("COMMIT"); !committed)
      counts = std::unexpected(committed.error());
    step("committed");
  }
  // The first error is the one to tell; a failed commit has rolled back already.
  if (!counts) (void)connection->execute("ROLLBACK").has_value();
  return counts;
}

Result<LoadCounts> DuckDbWarehouse::write_objects(duckdb::Connection& connection, ObjectSource& objects) {
  if (!pulled_events_) return fail(ErrorKind::fatal, fmt::format("DuckDB {} was opened to be read", path_));
  // Asked inside the transaction: what counts is the ledger that this transaction adds to.
  SDP_TRY(auto keys, loaded_objects());
  const std::set<std::string> loaded(std::make_move_iterator(keys.begin()),
                                     std::make_move_iterator(keys.end()));
  const UtcMillis now = clock_.utc_now();
  SDP_TRY(const duckdb::TakenObjects taken, pulled_events_->insert(connection, objects, loaded, now));
  SDP_TRY(duckdb::BronzeWriter writer, duckdb::BronzeWriter::open(connection, now));
  LoadCounts counts;
  counts.objects_skipped = taken.skipped;
  for (const auto& [object, too_large] : taken.objects) {
    SDP_RETURN_IF_ERROR(writer.write(object, too_large));
    count_object(object.meta, too_large, counts);
  }
  SDP_RETURN_IF_ERROR(writer.finish());
  step("inserted");
  return counts;
}

void DuckDbWarehouse::step(std::string_view name) const {
  if (on_step_) on_step_(name);
}

Result<Table> DuckDbWarehouse::query(std::string_view sql) {
  SDP_TRY(duckdb::Connection * connection, this->connection());
  Table table;
  SDP_RETURN_IF_ERROR(connection->scan(
      sql, [&](std::vector<std::string> columns) { table.columns = std::move(columns); },
      [&](RowView row) -> Result<void> {
        table.rows.emplace_back(row.begin(), row.end());
        return {};
      }));
  return table;
}

Result<void> DuckDbWarehouse::scan(std::string_view sql, const std::function<Result<void>(RowView)>& visit) {
  SDP_TRY(duckdb::Connection * connection, this->connection());
  return connection->scan(sql, [](const std::vector<std::string>&) {}, visit);
}

Result<void> DuckDbWarehouse::scan_side_by_side(std::string_view sql, int threads, const WorkerVisit& visit) {
  SDP_TRY(duckdb::Connection * connection, this->connection());
  return connection->scan_side_by_side(sql, threads, visit);
}

Result<std::optional<std::string>> DuckDbWarehouse::keep(std::string_view name, std::string_view sql) {
  SDP_TRY(duckdb::Connection * connection, this->connection());
  // In DuckDB's own database `temp`, which is the connection's alone and goes with it.
  std::string table = fmt::format("temp.main.{}", name);
  SDP_RETURN_IF_ERROR(connection->execute(fmt::format("CREATE OR REPLACE TEMP TABLE {} AS {}", table, sql)));
  return table;
}

Result<void> DuckDbWarehouse::close() {
  connection_.reset();
  return {};
}

std::string DuckDbWarehouse::epoch_ms(std::string_view column) const {
  return fmt::format("epoch_ms({})", column);
}

std::string DuckDbWarehouse::epoch_us(std::string_view column) const {
  return fmt::format("epoch_us({})", column);
}

std::string DuckDbWarehouse::catalogued_type(std::string_view type) const {
  return std::string(type);
}

std::string DuckDbWarehouse::columns_of_view(std::string_view view) const {
  return fmt::format("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {})", view);
}

// A macro in `main` is found first, whatever its name: also one of a function that this would call by its
// name alone.
Result<std::vector<std::string>> DuckDbWarehouse::functions_in_front() {
  constexpr std::string_view kMine =
      "SELECT function_name FROM system.main.duckdb_functions() WHERE NOT internal AND schema_name = 'main'";
  SDP_TRY(const Table mine, query(kMine));
  std::vector<std::string> names;
  // The list is long, and only read again where there is a macro.
  if (mine.rows.empty()) return names;
  SDP_TRY(const Table found,
          query(fmt::format("SELECT DISTINCT mine.function_name FROM ({}) AS mine, "
                            "system.main.duckdb_functions() AS own WHERE own.internal AND "
                            "system.main.lower(mine.function_name) = system.main.lower(own.function_name)",
                            kMine)));
  for (const auto& row : found.rows) names.emplace_back(row.at(0).value_or(""));
  return names;
}

}  // namespace sdp::warehouse
