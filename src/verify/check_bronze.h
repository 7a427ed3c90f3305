#pragma once

#include <cstdint>

#include "verify/findings.h"
#include "verify/lake_view.h"
#include "verify/warehouse_shape.h"
#include "warehouse/warehouse.h"

namespace sdp::verify {

struct BronzeCounts {
  std::uint64_t objects = 0;  ///< ledger rows
  std::uint64_t events = 0;
  std::uint64_t rejected = 0;
};

/// Holds the ledger and every row of the bronze tables against the lake: each line of a loaded object exactly
/// once, in the right table, with every column as in the line. Marks what it saw in the view.
/// Tables that are broken are left out. Rows are compared by `threads` threads.
Result<BronzeCounts> check_bronze(LakeView& lake, WarehouseShape& shape, warehouse::Warehouse& warehouse,
                                  int threads, Findings& findings);

}  // namespace sdp::verify
