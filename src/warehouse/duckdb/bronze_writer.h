#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "warehouse/duckdb/columns.h"
#include "warehouse/duckdb/connection.h"
#include "warehouse/object_reader.h"
#include "warehouse/warehouse.h"

namespace sdp::warehouse::duckdb {

/// Fills one bronze table, a chunk of rows at a time, straight into DuckDB's vectors.
class TableWriter {
 public:
  static Result<TableWriter> open(Connection& connection, std::string_view table);

  /// Set every column of row() in columns(), then call end_row.
  Columns& columns() { return columns_; }
  idx_t row() const { return row_; }
  Result<void> end_row();
  Result<void> finish();

 private:
  TableWriter(Connection& connection, OwnedAppender appender);

  Result<void> flush_chunk();

  Connection* connection_;
  OwnedAppender appender_;
  OwnedChunk chunk_;
  Columns columns_;
  idx_t row_ = 0;
};

/// Writes what is few of each object: its rejected lines and its row of the ledger. Runs inside a transaction
/// of the caller's, who rolls back when any call fails.
class BronzeWriter {
 public:
  static Result<BronzeWriter> open(Connection& connection, UtcMillis loaded_at);

  /// `too_large`: how many kept lines are too large for bronze, and so are rejected too.
  Result<void> write(const FetchedObject& object, std::uint64_t too_large);
  Result<void> finish();

 private:
  BronzeWriter(TableWriter rejected, TableWriter ledger, UtcMillis loaded_at);

  Result<void> write_rejected(const FetchedObject& object, std::string_view topic_id, const lake::Line& line);
  Result<void> write_ledger(const FetchedObject& object, std::string_view topic_id);

  TableWriter rejected_;
  TableWriter ledger_;
  UtcMillis loaded_at_;
  ObjectReader reader_;
};

}  // namespace sdp::warehouse::duckdb
