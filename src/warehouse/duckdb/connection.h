#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "warehouse/duckdb/file_claim.h"
#include "warehouse/duckdb/handles.h"
#include "warehouse/query_session.h"
#include "warehouse/warehouse.h"

namespace sdp::warehouse::duckdb {

struct DuckDbOptions {
  /// Named spotify_db.duckdb, since the file's name is the database's.
  std::string path;
  std::string memory_limit = "512MB";
  int threads = 2;
  bool read_only = false;
  /// For statements that people write: nothing outside of the file can be read or written, what does not fit
  /// into memory fails, and no setting can be changed.
  bool sealed = false;
  /// Called after each step of a load with the step's name: where tests crash. Empty otherwise.
  std::function<void(std::string_view)> on_step = {};
};

/// The limit where none is set: a quarter of the bytes that the process may use, from 512 MiB to 4 GiB.
std::string default_memory_limit(std::optional<std::uint64_t> usable_bytes);

/// An open database file and one connection to it. Owned by one thread.
class Connection {
 public:
  static Result<Connection> open(const DuckDbOptions& options);
  /// A database in memory, to which the caller attaches files. The file of `options.path` counts as open in
  /// this process, since DuckDB allows that once.
  static Result<Connection> open_in_memory(const DuckDbOptions& options);

  /// Runs statements whose rows nobody wants.
  Result<void> execute(std::string_view sql);
  /// Runs one query and hands its rows over as text; `columns` is called once before the first row. Another
  /// call on this connection from inside `visit` ends the scan with an error.
  Result<void> scan(std::string_view sql, const std::function<void(std::vector<std::string>)>& columns,
                    const std::function<Result<void>(RowView)>& visit);
  /// The same by several threads; see Warehouse::scan_side_by_side.
  Result<void> scan_side_by_side(std::string_view sql, int threads, const WorkerVisit& visit);
  /// The same for a statement that people write: one query, or an EXPLAIN. `bad_input` for any other
  /// statement, and with DuckDB's message for what it refuses.
  Result<void> ask(std::string_view sql, const AnswerVisitor& visitor);
  /// A USE that people write; errors as those of ask().
  Result<void> use(const std::string& statement);
  /// Ends what this connection is doing, with an error. From any thread.
  void interrupt() { duckdb_interrupt(connection_.get()); }
  Result<OwnedAppender> appender(std::string_view schema, std::string_view table);
  /// Makes a table function known to this connection's database.
  Result<void> add_function(duckdb_table_function function);
  /// The file that it was opened for.
  const std::string& path() const { return path_; }
  /// The error that the last call on `appender` left.
  Error appender_error(duckdb_appender appender) const;

 private:
  Connection(std::string path, FileClaim claim) : path_(std::move(path)), claim_(std::move(claim)) {}

  Result<void> connect(const std::string& file, duckdb_config config);
  /// What DuckDB's message becomes: classify() or classify_statement().
  using Told = Error (*)(std::string_view path, std::string_view message);
  Result<OwnedStatement> prepare(const std::string& sql, Told told);
  /// A query with all its cells as text.
  Result<OwnedStatement> prepare_as_text(std::string_view sql);
  /// Runs a statement whose columns are texts.
  Result<void> stream(duckdb_prepared_statement statement, const std::function<void(duckdb_result*)>& columns,
                      const std::function<Result<void>(RowView)>& visit, Told told);

  std::string path_;
  FileClaim claim_;  // before the database: given up after it is closed
  OwnedDatabase database_;
  OwnedConnection connection_;
};

}  // namespace sdp::warehouse::duckdb
