#include "warehouse/duckdb/columns.h"

#include "warehouse/duckdb/handles.h"
#include "warehouse/object_reader.h"

namespace sdp::warehouse::duckdb {

Columns::Columns(duckdb_data_chunk chunk) : vectors_(duckdb_data_chunk_get_column_count(chunk)) {
  data_.reserve(vectors_.size());
  for (idx_t column = 0; column < vectors_.size(); ++column) {
    vectors_[column] = duckdb_data_chunk_get_vector(chunk, column);
    data_.push_back(duckdb_vector_get_data(vectors_[column]));
  }
}

void Columns::set_text(idx_t column, idx_t row, std::string_view text) {
  // Lines were found to be UTF-8 before they became lines, and their hash says that they still are.
  duckdb_unsafe_vector_assign_string_element_len(vectors_[column], row, text.data(), text.size());
}

void Columns::set_optional_text(idx_t column, idx_t row, const std::optional<std::string_view>& text) {
  if (text) return set_text(column, row, *text);
  duckdb_vector_ensure_validity_writable(vectors_[column]);
  duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vectors_[column]), row);
}

void Columns::set_text_or_null(idx_t column, idx_t row, std::string_view text) {
  set_optional_text(column, row, text.empty() ? std::nullopt : std::optional(text));
}

void Columns::set_int32(idx_t column, idx_t row, std::int32_t value) {
  static_cast<std::int32_t*>(data_[column])[row] = value;
}

void Columns::set_int64(idx_t column, idx_t row, std::int64_t value) {
  static_cast<std::int64_t*>(data_[column])[row] = value;
}

void Columns::set_time(idx_t column, idx_t row, UtcMillis time) {
  // DuckDB's TIMESTAMP counts microseconds.
  set_int64(column, row, bronze_time(time).time_since_epoch().count() * 1'000);
}

void Columns::fill_text(idx_t column, std::string_view text) {
  const OwnedValue value(duckdb_create_varchar_length(text.data(), text.size()));
  duckdb_vector_reference_value(vectors_[column], value.get());
}

}  // namespace sdp::warehouse::duckdb
