#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "verify/findings.h"
#include "verify/report.h"
#include "verify/warehouse_shape.h"
#include "warehouse/warehouse.h"

namespace sdp::verify {

/// Compares silver's counts and every row of the marts with what an oracle tells (docs/formats/oracle.md), in
/// both directions, row by row: neither is ever in memory as a whole. `marts` are those that there must be,
/// and there may be others; a file that tells of one that is neither is `misconfigured`, as is one that is
/// broken.
Result<OracleReport> check_oracle(const std::filesystem::path& path, const std::set<std::string>& marts,
                                  WarehouseShape& shape, warehouse::Warehouse& warehouse, Findings& findings);

}  // namespace sdp::verify
