#pragma once

#include <duckdb.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace sdp::warehouse::duckdb {

/// The columns of a chunk that is being filled. The chunk outlives them, and is not reset in the meantime.
class Columns {
 public:
  Columns() = default;
  explicit Columns(duckdb_data_chunk chunk);

  void set_text(idx_t column, idx_t row, std::string_view text);
  void set_optional_text(idx_t column, idx_t row, const std::optional<std::string_view>& text);
  /// NULL for an empty text.
  void set_text_or_null(idx_t column, idx_t row, std::string_view text);
  void set_int32(idx_t column, idx_t row, std::int32_t value);
  void set_int64(idx_t column, idx_t row, std::int64_t value);
  void set_time(idx_t column, idx_t row, UtcMillis time);

  /// One text in every row of the chunk, stored once. Nothing else is set in that column.
  void fill_text(idx_t column, std::string_view text);

 private:
  std::vector<duckdb_vector> vectors_;
  std::vector<void*> data_;
};

}  // namespace sdp::warehouse::duckdb
