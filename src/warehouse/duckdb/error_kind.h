#pragma once

#include <string_view>

#include "base/result.h"

namespace sdp::warehouse::duckdb {

/// DuckDB's message as an error of ours: `fenced` when another process has the file open, `cannot_write` for
/// a full or read-only disk, `bad_input` for a file that is not a database of a version we read, else
/// `fatal`.
Error classify(std::string_view path, std::string_view message);

/// The same for statements that people write: `bad_input` for what is wrong with the statement or with the
/// values that it meets, on one line, with the statement's line as DuckDB counts it; `interrupted` when it
/// was ended from outside.
Error classify_statement(std::string_view path, std::string_view message);

}  // namespace sdp::warehouse::duckdb
