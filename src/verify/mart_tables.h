#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "verify/findings.h"
#include "verify/mart_recount.h"
#include "verify/recount.h"
#include "verify/report.h"
#include "warehouse/warehouse.h"

namespace sdp::verify {

/// What marts the warehouse has, and what is known of them.
struct MartTables {
  std::set<std::string> present;  ///< tables of schema MART in the catalogue, `MART.TOP_SONGS`
  /// By TRANSFORM.TRANSFORM_PARTS, the marts of the project that closed the last batch, and how many rows
  /// each had then. Nothing when no batch has been closed.
  std::optional<std::map<std::string, std::int64_t>> closed;
  std::map<std::string, MartRecount> recounts;  ///< declared, by mart
};

/// `present`: every table and view of the warehouse, `SCHEMA.NAME` in upper case. `recounts`: the project's
/// folder of recounts, which is all that is known to verify of dbt; empty when there is no project.
Result<MartTables> read_mart_tables(warehouse::Warehouse& warehouse, const std::set<std::string>& present,
                                    const std::filesystem::path& recounts);

/// Names the marts that a closed batch made and that are missing or empty now, and the tables that no closed
/// batch made.
Result<void> check_catalogue(const MartTables& marts, warehouse::Warehouse& warehouse, Findings& findings);

/// Compares each mart with its recount, column by column and row by row, in both directions: those that
/// `lake` can count with what it counted, the others (if `derived`) with the query that is declared for them.
/// The report says which marts and columns have no recount.
Result<void> check_marts(const MartTables& marts, bool derived, Recount& lake,
                         warehouse::Warehouse& warehouse, Findings& findings, Report& report);

}  // namespace sdp::verify
