#pragma once

#include <array>
#include <string>
#include <string_view>

namespace sdp::warehouse::duckdb {

// The bronze tables (docs/formats/bronze-tables.md). Bulk tables have no keys: an index triples the cost of
// an insert, and the ledger already keeps rows from coming twice; verify and dbt check uniqueness.

inline constexpr std::string_view kEventsTable = "SPOTIFY_EVENTS";
inline constexpr std::string_view kRejectedTable = "REJECTED_EVENTS";
inline constexpr std::string_view kLedgerTable = "LOAD_LEDGER";

/// Creates schemas and tables where they are missing; one statement each.
std::string create_statements();

}  // namespace sdp::warehouse::duckdb
