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

// The one definition of everything that the pipeline has on Snowflake: `warehouse init` runs it, and
// docs/snowflake/*.sql is written from it. All of it may run again at any time.

/// Database and schemas.
std::vector<std::string> database_statements(std::string_view database);
/// Bronze tables, lock, view and stage. The lock's row comes last: where it is, everything is.
std::vector<std::string> bronze_statements(std::string_view database);
/// The role that the pipeline needs, and nothing more. To be run by an administrator.
std::vector<std::string> role_statements(std::string_view database, std::string_view role,
                                         std::string_view warehouse);
/// A warehouse that costs nothing while it has nothing to do.
std::vector<std::string> warehouse_statements(std::string_view warehouse);

struct Document {
  std::string name;  ///< `1-warehouse.sql`
  std::string text;
};
/// docs/snowflake/*.sql, in the order in which they are run.
std::vector<Document> documents();

}  // namespace sdp::warehouse::snowflake
