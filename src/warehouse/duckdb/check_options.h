#pragma once

#include "warehouse/duckdb/connection.h"

namespace sdp::warehouse::duckdb {

/// Whether DuckDB takes these settings. Opens nothing.
Result<void> check_options(const DuckDbOptions& options);

}  // namespace sdp::warehouse::duckdb
