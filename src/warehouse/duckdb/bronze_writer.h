#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "warehouse/duckdb/connection.h"
#include "warehouse/object_reader.h"
#include "warehouse/warehouse.h"

namespace sdp::warehouse::duckdb {

/// Fills one bronze table, a chunk of rows at a time, straight into DuckDB's vectors.
class TableWriter {
 public:
  static Result<TableWriter> open(Connection& connection, std::string_view table);

  /// The next free row; set every column of it, then call end_row.
  void set_text(idx_t column, std::string_view text);
  void set_optional_text(idx_t column, const std::optional<std::string_view>& text);
  void set_int32(idx_t column, std::int32_t value);
  void set_int64(idx_t column, std::int64_t value);
  void set_time(idx_t column, UtcMillis time);
  Result<void> end_row();
  Result<void> finish();

 private:
  TableWriter(Connection& connection, OwnedAppender appender);

  Result<void> flush_chunk();
  void take_vectors();

  Connection* connection_;
  OwnedAppender appender_;
  OwnedChunk chunk_;
  std::vector<duckdb_vector> vectors_;
  std::vector<void*> data_;
  idx_t row_ = 0;
};

/// Writes objects into the bronze tables and the ledger, checking each line against its object on the way.
/// Runs inside a transaction of the caller's, who rolls back when any call fails.
class BronzeWriter {
 public:
  static Result<BronzeWriter> open(Connection& connection, UtcMillis loaded_at);

  /// `bad_input` names object and line when a line is damaged, or not where the metadata put it. How many
  /// kept lines were too large for bronze.
  Result<std::uint64_t> write(const StagedObject& object);
  Result<void> finish();

 private:
  BronzeWriter(TableWriter events, TableWriter rejected, TableWriter ledger, UtcMillis loaded_at);

  Result<void> write_line(const StagedObject& object, std::string_view topic_id, const lake::Line& line);
  Result<void> write_ledger(const StagedObject& object, std::string_view topic_id);

  TableWriter events_;
  TableWriter rejected_;
  TableWriter ledger_;
  UtcMillis loaded_at_;
  ObjectReader reader_;
};

}  // namespace sdp::warehouse::duckdb
