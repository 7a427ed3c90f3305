#pragma once

#include <string>

#include "base/result.h"
#include "mapping/mapping.h"

namespace sdp::mapping {

enum class Dialect { duckdb, snowflake };

/// Common table expressions, separated by commas, that take a relation `arrived` with a column
/// `arrived_payload` to a relation `mapped`: all columns of `arrived`, and `payload`, the text of the event.
/// Columns and relations of their own begin with `m_`. No payload makes them fail. `misconfigured` when the
/// text is longer than a variable of the environment may be, in which dbt gets it.
Result<std::string> compile(const Mapping& mapping, Dialect dialect);

/// A text as a literal of SQL.
std::string quoted(std::string_view text, Dialect dialect);

}  // namespace sdp::mapping
