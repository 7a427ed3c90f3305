#pragma once

#include "verify/findings.h"
#include "verify/lake_view.h"
#include "verify/warehouse_shape.h"
#include "warehouse/warehouse.h"

namespace sdp::verify {

/// Compares the rows of TRANSFORM.TRANSFORM_LEDGER with the loaded objects, and marks in the view what closed
/// batches have. Comes before silver is read.
Result<void> check_batch_ledger(LakeView& lake, WarehouseShape& shape, const ClosedParts& parts,
                                warehouse::Warehouse& warehouse, Findings& findings);

/// Names the objects that silver shows and no closed batch has. Comes after silver was read.
void check_batches_are_closed(const LakeView& lake, const WarehouseShape& shape, Findings& findings);

}  // namespace sdp::verify
