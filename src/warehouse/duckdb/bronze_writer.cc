#include "warehouse/duckdb/bronze_writer.h"

#include <fmt/core.h>

#include <utility>

#include "warehouse/duckdb/schema.h"

namespace sdp::warehouse::duckdb {

TableWriter::TableWriter(Connection& connection, OwnedAppender appender)
    : connection_(&connection), appender_(std::move(appender)) {}

Result<TableWriter> TableWriter::open(Connection& connection, std::string_view table) {
  SDP_TRY(OwnedAppender appender, connection.appender("BRONZE", table));
  TableWriter writer(connection, std::move(appender));
  std::vector<OwnedType> owned;
  std::vector<duckdb_logical_type> types;
  for (idx_t column = 0; column < duckdb_appender_column_count(writer.appender_.get()); ++column) {
    owned.emplace_back(duckdb_appender_column_type(writer.appender_.get(), column));
    types.push_back(owned.back().get());
  }
  writer.chunk_ = OwnedChunk(duckdb_create_data_chunk(types.data(), types.size()));
  writer.columns_ = Columns(writer.chunk_.get());
  return writer;
}

Result<void> TableWriter::end_row() {
  if (++row_ < duckdb_vector_size()) return {};
  return flush_chunk();
}

Result<void> TableWriter::flush_chunk() {
  duckdb_data_chunk_set_size(chunk_.get(), row_);
  if (duckdb_append_data_chunk(appender_.get(), chunk_.get()) != DuckDBSuccess) {
    return std::unexpected(connection_->appender_error(appender_.get()));
  }
  duckdb_data_chunk_reset(chunk_.get());
  columns_ = Columns(chunk_.get());
  row_ = 0;
  return {};
}

Result<void> TableWriter::finish() {
  if (row_ > 0) SDP_RETURN_IF_ERROR(flush_chunk());
  if (duckdb_appender_close(appender_.get()) != DuckDBSuccess) {
    return std::unexpected(connection_->appender_error(appender_.get()));
  }
  return {};
}

BronzeWriter::BronzeWriter(TableWriter rejected, TableWriter ledger, UtcMillis loaded_at)
    : rejected_(std::move(rejected)), ledger_(std::move(ledger)), loaded_at_(loaded_at) {}

Result<BronzeWriter> BronzeWriter::open(Connection& connection, UtcMillis loaded_at) {
  SDP_TRY(TableWriter rejected, TableWriter::open(connection, kRejectedTable));
  SDP_TRY(TableWriter ledger, TableWriter::open(connection, kLedgerTable));
  return BronzeWriter(std::move(rejected), std::move(ledger), loaded_at);
}

Result<void> BronzeWriter::write(const FetchedObject& object, std::uint64_t too_large) {
  const std::string topic_id = base::to_string(object.meta.chain.topic_id);
  if (object.meta.rejected > 0 || too_large > 0) {
    SDP_RETURN_IF_ERROR(reader_.read(object, [&](const lake::Line& line) -> Result<void> {
      if (!line.reject) return {};
      return write_rejected(object, topic_id, line);
    }));
  }
  return write_ledger(object, topic_id);
}

Result<void> BronzeWriter::write_rejected(const FetchedObject& object, std::string_view topic_id,
                                          const lake::Line& line) {
  Columns& columns = rejected_.columns();
  const idx_t row = rejected_.row();
  idx_t column = 0;
  columns.set_text(column++, row, object.key);
  columns.set_text(column++, row, object.meta.topic);
  columns.set_text(column++, row, topic_id);
  columns.set_int32(column++, row, line.partition);
  columns.set_int64(column++, row, line.offset);
  columns.set_time(column++, row, line.timestamp);
  columns.set_optional_text(column++, row, line.key_base64.empty() ? line.key : std::nullopt);
  columns.set_text_or_null(column++, row, line.key_base64);
  columns.set_text_or_null(column++, row, line.headers_json);
  columns.set_text(column++, row, name(*line.reject));
  columns.set_optional_text(column++, row, line.payload);
  columns.set_time(column, row, loaded_at_);
  return rejected_.end_row();
}

Result<void> BronzeWriter::write_ledger(const FetchedObject& object, std::string_view topic_id) {
  const lake::ObjectMeta& meta = object.meta;
  Columns& columns = ledger_.columns();
  const idx_t row = ledger_.row();
  idx_t column = 0;
  columns.set_text(column++, row, object.key);
  columns.set_text(column++, row, meta.topic);
  columns.set_text(column++, row, topic_id);
  columns.set_int32(column++, row, meta.chain.partition);
  columns.set_int64(column++, row, meta.range.first);
  columns.set_int64(column++, row, meta.range.end - 1);
  columns.set_int64(column++, row, meta.records);
  columns.set_int64(column++, row, meta.rejected);
  columns.set_time(column++, row, meta.first_timestamp);
  columns.set_time(column++, row, meta.last_timestamp);
  columns.set_text(column++, row, meta.sha256);
  columns.set_text(column++, row, meta.writer);
  columns.set_time(column, row, loaded_at_);
  return ledger_.end_row();
}

Result<void> BronzeWriter::finish() {
  SDP_RETURN_IF_ERROR(rejected_.finish());
  return ledger_.finish();
}

}  // namespace sdp::warehouse::duckdb
