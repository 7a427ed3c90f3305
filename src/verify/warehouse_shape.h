#pragma once

#include <array>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "verify/findings.h"
#include "verify/proof_list.h"
#include "verify/tables.h"
#include "warehouse/warehouse.h"

namespace sdp::verify {

inline constexpr std::array<std::string_view, 3> kBronzeTables{kBronzeEvents, kBronzeRejected, kLoadLedger};

/// Which tables a warehouse has, and what is wrong with their shape.
struct WarehouseShape {
  /// Tables and views of BRONZE, TRANSFORM and MART, `SCHEMA.NAME` in upper case, with the types of their
  /// columns by name in upper case.
  std::map<std::string, std::map<std::string, std::string>, std::less<>> tables;
  std::set<std::string, std::less<>> views;
  /// Tables that cannot be compared: they are missing, cannot be read, lack a column, or have one of another
  /// type. Each is a finding.
  std::set<std::string, std::less<>> broken;
  /// Names of tables and columns that are another's in another case; where names can be quoted, both can be
  /// there.
  std::set<std::string, std::less<>> spelled_otherwise;
  bool has_closed = false;  ///< whether a batch was ever closed; known once check_shape has looked

  bool has(std::string_view table) const { return tables.contains(table); }
  bool usable(std::string_view table) const { return has(table) && !broken.contains(table); }
  bool has_column(std::string_view table, std::string_view column) const;
  /// The first table of `broken` that a query names; empty when there is none.
  std::string_view broken_in(std::string_view sql) const;
};

/// True for an error that says something about a statement or its tables, and nothing about the way to the
/// warehouse.
bool is_about_the_table(const Error& error);

/// Reads a table like Warehouse::scan, unless it is broken. An error that is about the table or the statement
/// is a finding, and the table is broken from then on.
Result<void> scan_table(warehouse::Warehouse& warehouse, WarehouseShape& shape, std::string_view table,
                        std::string_view sql, const std::function<void(warehouse::RowView)>& visit,
                        Findings& findings);

/// The same by several threads; see Warehouse::scan_side_by_side. `visit(worker, row)`.
Result<void> scan_table_side_by_side(warehouse::Warehouse& warehouse, WarehouseShape& shape,
                                     std::string_view table, std::string_view sql, int threads,
                                     const std::function<void(int, warehouse::RowView)>& visit,
                                     Findings& findings);

Result<WarehouseShape> read_shape(warehouse::Warehouse& warehouse);

/// What the last closed batch says that it was made by (TRANSFORM.TRANSFORM_PARTS).
struct ClosedParts {
  std::map<std::string, std::int64_t> marts;  ///< how many rows each had, by `MART.NAME`
  std::set<std::string> models;               ///< `TRANSFORM.NAME`
  std::string mapping;  ///< the digest of what made events of payloads; empty: nothing did
  /// Fields whose rule admits more since. What it admits now, the last closed batch may have refused.
  std::set<std::string, std::less<>> widened;
  bool open = false;  ///< whether a run of dbt began a batch since, and did not close it

  /// False when no batch has been closed, or none by a version that notes its parts.
  bool closed() const { return !marts.empty(); }
};

/// Reads the parts, and names rows among them that no batch writes.
Result<ClosedParts> read_parts(warehouse::Warehouse& warehouse, const WarehouseShape& shape,
                               Findings& findings);

/// Compares the tables of `shape` with `list` and `parts`, each by itself: names tables and columns that are
/// missing or too much, columns of another type, and views that cannot be read. Notes in `shape` which tables
/// are broken. Marts that are missing or too much are the business of check_catalogue.
Result<void> check_shape(WarehouseShape& shape, std::span<const ProofLine> list, const ClosedParts& parts,
                         warehouse::Warehouse& warehouse, Findings& findings);

}  // namespace sdp::verify
