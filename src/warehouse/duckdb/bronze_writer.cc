#include "warehouse/duckdb/bronze_writer.h"

#include <fmt/core.h>

#include <utility>

#include "warehouse/duckdb/schema.h"

namespace sdp::warehouse::duckdb {
namespace {

std::optional<std::string_view> none_if_empty(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return text;
}

}  // namespace

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
  writer.vectors_.resize(types.size());
  writer.data_.resize(types.size());
  writer.take_vectors();
  return writer;
}

void TableWriter::take_vectors() {
  for (idx_t column = 0; column < vectors_.size(); ++column) {
    vectors_[column] = duckdb_data_chunk_get_vector(chunk_.get(), column);
    data_[column] = duckdb_vector_get_data(vectors_[column]);
  }
  row_ = 0;
}

void TableWriter::set_text(idx_t column, std::string_view text) {
  // Lines were found to be UTF-8 before they became lines, and their hash says that they still are.
  duckdb_unsafe_vector_assign_string_element_len(vectors_[column], row_, text.data(), text.size());
}

void TableWriter::set_optional_text(idx_t column, const std::optional<std::string_view>& text) {
  if (text) return set_text(column, *text);
  duckdb_vector_ensure_validity_writable(vectors_[column]);
  duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vectors_[column]), row_);
}

void TableWriter::set_int32(idx_t column, std::int32_t value) {
  static_cast<std::int32_t*>(data_[column])[row_] = value;
}

void TableWriter::set_int64(idx_t column, std::int64_t value) {
  static_cast<std::int64_t*>(data_[column])[row_] = value;
}

void TableWriter::set_time(idx_t column, UtcMillis time) {
  // DuckDB's TIMESTAMP counts microseconds.
  set_int64(column, bronze_time(time).time_since_epoch().count() * 1'000);
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
  take_vectors();
  return {};
}

Result<void> TableWriter::finish() {
  if (row_ > 0) SDP_CHECK_OK(flush_chunk());
  if (duckdb_appender_close(appender_.get()) != DuckDBSuccess) {
    return std::unexpected(connection_->appender_error(appender_.get()));
  }
  return {};
}

BronzeWriter::BronzeWriter(TableWriter events, TableWriter rejected, TableWriter ledger, UtcMillis loaded_at)
    : events_(std::move(events)),
      rejected_(std::move(rejected)),
      ledger_(std::move(ledger)),
      loaded_at_(loaded_at) {}

Result<BronzeWriter> BronzeWriter::open(Connection& connection, UtcMillis loaded_at) {
  SDP_TRY(TableWriter events, TableWriter::open(connection, kEventsTable));
  SDP_TRY(TableWriter rejected, TableWriter::open(connection, kRejectedTable));
  SDP_TRY(TableWriter ledger, TableWriter::open(connection, kLedgerTable));
  return BronzeWriter(std::move(events), std::move(rejected), std::move(ledger), loaded_at);
}

Result<std::uint64_t> BronzeWriter::write(const StagedObject& object) {
  const std::string topic_id = base::to_string(object.meta.chain.topic_id);
  SDP_TRY(const std::uint64_t too_large,
          reader_.read(object, [&](const lake::Line& line) { return write_line(object, topic_id, line); }));
  SDP_CHECK_OK(write_ledger(object, topic_id));
  return too_large;
}

Result<void> BronzeWriter::write_line(const StagedObject& object, std::string_view topic_id,
                                      const lake::Line& line) {
  TableWriter& table = line.reject ? rejected_ : events_;
  idx_t column = 0;
  table.set_text(column++, object.key);
  table.set_text(column++, object.meta.topic);
  table.set_text(column++, topic_id);
  table.set_int32(column++, line.partition);
  table.set_int64(column++, line.offset);
  table.set_time(column++, line.timestamp);
  table.set_optional_text(column++, line.key_base64.empty() ? line.key : std::nullopt);
  table.set_optional_text(column++, none_if_empty(line.key_base64));
  table.set_optional_text(column++, none_if_empty(line.headers_json));
  if (line.reject) table.set_text(column++, name(*line.reject));
  table.set_optional_text(column++, line.payload);
  table.set_time(column, loaded_at_);
  return table.end_row();
}

Result<void> BronzeWriter::write_ledger(const StagedObject& object, std::string_view topic_id) {
  const lake::ObjectMeta& meta = object.meta;
  idx_t column = 0;
  ledger_.set_text(column++, object.key);
  ledger_.set_text(column++, meta.topic);
  ledger_.set_text(column++, topic_id);
  ledger_.set_int32(column++, meta.chain.partition);
  ledger_.set_int64(column++, meta.range.first);
  ledger_.set_int64(column++, meta.range.end - 1);
  ledger_.set_int64(column++, meta.records);
  ledger_.set_int64(column++, meta.rejected);
  ledger_.set_time(column++, meta.first_timestamp);
  ledger_.set_time(column++, meta.last_timestamp);
  ledger_.set_text(column++, meta.sha256);
  ledger_.set_text(column++, meta.writer);
  ledger_.set_time(column, loaded_at_);
  return ledger_.end_row();
}

Result<void> BronzeWriter::finish() {
  SDP_CHECK_OK(events_.finish());
  SDP_CHECK_OK(rejected_.finish());
  return ledger_.finish();
}

}  // namespace sdp::warehouse::duckdb
