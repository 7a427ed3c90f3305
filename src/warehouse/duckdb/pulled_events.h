#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "warehouse/duckdb/connection.h"
#include "warehouse/warehouse.h"

namespace sdp::warehouse::duckdb {

/// An object whose kept lines were written.
struct TakenObject {
  FetchedObject object;         ///< without its lines, unless some of them are rejected ones
  std::uint64_t too_large = 0;  ///< kept lines that are too large for bronze, and so are rejected too
};

struct TakenObjects {
  std::vector<TakenObject> objects;  ///< by key
  std::uint64_t skipped = 0;         ///< objects that the ledger has
};

/// The kept lines of staged objects as a table function in DuckDB, so that one INSERT takes objects apart and
/// writes their rows on all of DuckDB's threads, an object at a time each. An appender would do so on one.
/// DuckDB calls us from threads of its own and hands a worker from one to another. Whatever it locks for
/// that, a mutex of ours orders what one call leaves to the next.
class PulledEvents {
 public:
  /// Registers the function, outside of any transaction. The answer outlives the connection.
  static Result<std::unique_ptr<PulledEvents>> install(Connection& connection);

  /// Adds the kept lines of the objects that are not in `loaded` to the events table, in no particular order.
  /// Runs inside a transaction of the caller's, who rolls back on failure. Errors are ObjectReader's and
  /// DuckDB's.
  Result<TakenObjects> insert(Connection& connection, ObjectSource& source,
                              const std::set<std::string>& loaded, UtcMillis loaded_at);

 private:
  class Worker;

  /// What the workers of one insert share.
  struct Insert {
    std::optional<FetchedObject> take();
    void give_back(FetchedObject object, std::uint64_t too_large);
    void fail_with(Error error);
    /// What the workers have left behind, once DuckDB has ended the statement.
    Result<TakenObjects> result();

    ObjectSource& source;
    const std::set<std::string>& loaded;
    const UtcMillis loaded_at;
    std::mutex mutex{};
    std::size_t held_bytes = 0;
    TakenObjects taken{};
    std::optional<Error> error{};
  };

  PulledEvents() = default;

  static void bind(duckdb_bind_info info);
  static void start(duckdb_init_info info);
  static void start_worker(duckdb_init_info info);
  static void fill(duckdb_function_info info, duckdb_data_chunk output);

  Insert* insert_ = nullptr;  ///< while one runs
};

}  // namespace sdp::warehouse::duckdb
