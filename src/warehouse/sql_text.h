#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sdp::warehouse {

// SQL as text: where statements end, and which of them only read. Pure. Nothing here replaces the engine's
// own grammar: what this takes for one statement and the engine for two is refused by the engine.

/// They differ in comments and quotes. DuckDB: comments nest, `E'...'` has backslashes, `$tag$...$tag$`.
/// Snowflake: `//` is a comment, `'...'` has backslashes, `$$...$$`.
enum class Dialect { duckdb, snowflake };

/// A name as it is, whatever its characters: `a"b` -> `"a""b"`. The same in both dialects.
std::string sql_identifier(std::string_view name);
/// A text: `it's` -> `'it''s'`; a backslash is doubled where the dialect reads it.
std::string sql_literal(std::string_view text, Dialect dialect);

/// A statement without the semicolon behind it, and without what stands before its first word.
struct Statement {
  std::string_view text;  ///< part of the whole text
  std::size_t line = 1;   ///< of the whole text, where it begins
};

/// The statements of `sql`; empty ones are left out. `bad_input` names the line of a quote or comment that
/// does not end.
Result<std::vector<Statement>> split_statements(std::string_view sql, Dialect dialect);

/// What a statement begins with, in upper case and without comments and brackets; empty for anything but a
/// word.
std::string first_word(std::string_view statement, Dialect dialect);

/// `bad_input` unless the statement is of a kind that only reads (docs/sql.md): SELECT, WITH, VALUES, SHOW,
/// DESCRIBE, EXPLAIN, USE, and FROM on DuckDB. On Snowflake also for what writes from inside such a
/// statement: a procedure of WITH, a chain of statements, a function of the system, a sequence.
Result<void> check_reads(std::string_view statement, Dialect dialect);

/// A statement in DuckDB's words: `USE SCHEMA x`, `USE DATABASE x` and `DESCRIBE TABLE x`, as Snowflake has
/// them, without the second word. Empty for a USE of what DuckDB does not have: roles, virtual warehouses.
std::string on_duckdb(std::string_view statement);

}  // namespace sdp::warehouse
