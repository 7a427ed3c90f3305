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

/// Writes `to`, a new DuckDB file with what people read of the warehouse `from`, whose `path` is opened read
/// only: all tables of MART, the duplicates, the rejected rows and the ledgers. The file is checkpointed, has
/// no log beside it, and is in the storage version of DuckDB 1.0, which every later client opens. Errors as
/// Connection; `misconfigured` when the warehouse has no marts yet.
Result<ReadersCopy> write_readers_copy(const DuckDbOptions& from, const std::string& to);

}  // namespace sdp::warehouse::duckdb
