#pragma once

#include <arrow-adbc/adbc.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "warehouse/query_session.h"
#include "warehouse/warehouse.h"

namespace sdp::warehouse::adbc {

/// How the cells of one column become text: as DuckDB casts them to VARCHAR, so that both warehouses answer
/// alike. Integers and decimals in full, timestamps `2026-02-15 17:52:36.123`, doubles in their shortest
/// form.
struct ColumnFormat {
  enum class Kind { null, boolean, integer, real, text, large_text, decimal, date_days, timestamp };

  Kind kind = Kind::null;
  int bytes = 0;                      ///< of one value: integers and reals
  bool is_signed = true;              ///< integers
  int scale = 0;                      ///< decimals
  std::int64_t units_per_second = 1;  ///< timestamps
  bool has_zone = false;              ///< timestamps: printed in UTC with `+00`

  /// From Arrow's format string; `fatal` names one that is not known.
  static Result<ColumnFormat> parse(std::string_view format);
};

/// Reads record batches of one schema as rows of text.
class RowReader {
 public:
  static Result<RowReader> open(const ArrowSchema& schema);

  const std::vector<std::string>& names() const { return names_; }
  std::vector<Column> columns() const;
  Result<void> visit(const ArrowArray& batch, const std::function<Result<void>(RowView)>& visit);

 private:
  std::vector<std::string> names_;
  std::vector<ColumnFormat> formats_;
  std::vector<std::string> buffers_;  ///< of each column: the text of its present cell
};

/// One cell, which is not NULL. The view points into the array or into `buffer`.
std::string_view cell_text(const ColumnFormat& format, const ArrowArray& column, std::int64_t row,
                           std::string& buffer);
/// True for NULL.
bool is_null(const ColumnFormat& format, const ArrowArray& column, std::int64_t row);

}  // namespace sdp::warehouse::adbc
