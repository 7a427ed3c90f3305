#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "warehouse/duckdb/connection.h"

namespace sdp::warehouse::duckdb {

struct ReadersCopy {
  std::uint64_t tables = 0;
  std::uint64_t rows = 0;
};

/// A session in which the file of `from` is attached, read only, as the database that names without one mean;
/// a database in memory is behind it, so that another file can be attached and written.
Result<Connection> open_to_copy(const DuckDbOptions& from);

/// Writes `to`, a new DuckDB file with what people read of the warehouse of such a session: all tables of
/// MART, the duplicates, the rejected rows and the ledgers. The file is checkpointed, has no log beside it,
/// and is in the storage version of DuckDB 1.0, which every later client opens. Errors as Connection;
/// `misconfigured` when the warehouse has no marts yet.
Result<ReadersCopy> write_readers_copy(Connection& connection, const std::string& to);

}  // namespace sdp::warehouse::duckdb
