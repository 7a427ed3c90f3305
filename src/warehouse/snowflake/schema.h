#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sdp::warehouse::snowflake {

inline constexpr std::string_view kEventsTable = "SPOTIFY_EVENTS";
inline constexpr std::string_view kRejectedTable = "REJECTED_EVENTS";
inline constexpr std::string_view kLedgerTable = "LOAD_LEDGER";
inline constexpr std::string_view kLockTable = "LOAD_LOCK";
inline constexpr std::string_view kStage = "LOAD_STAGE";

// What `warehouse init` runs. docs/snowflake/2-database.sql and 3-bronze.sql are the same for a person to
// run; a test compares them. All of it may run again at any time.

/// Database and schemas.
std::vector<std::string> database_statements(std::string_view database);
/// Bronze tables, lock, view and stage. The lock's row comes last: where it is, everything is.
std::vector<std::string> bronze_statements(std::string_view database);

}  // namespace sdp::warehouse::snowflake
