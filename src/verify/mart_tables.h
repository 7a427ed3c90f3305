#pragma once

#include <filesystem>
#include <span>

#include "verify/findings.h"
#include "verify/lake_view.h"
#include "verify/open_batch.h"
#include "verify/proof_list.h"
#include "verify/recount.h"
#include "verify/report.h"
#include "verify/warehouse_shape.h"
#include "warehouse/warehouse.h"

namespace sdp::verify {

/// The project's recounts by table; none when there is no project, whose folder `recounts` is then empty.
Result<Recounts> read_recounts_by_table(const std::filesystem::path& recounts);

/// Names the marts that a closed batch made and that are missing, empty or of another size now, and the
/// tables that no closed batch made.
Result<void> check_catalogue(WarehouseShape& shape, const ClosedParts& parts, const Recounts& recounts,
                             warehouse::Warehouse& warehouse, Findings& findings);

/// Compares each mart with its recount, column by column and row by row, in both directions: those that
/// `lake` can count with what it counted, the others (if `derived`), and the tables of TRANSFORM that have
/// one, with the query that is declared for them. A table that is broken, or whose recount reads one that is,
/// is not compared. The report says which marts have no recount. A table that is as one of `states` had it is
/// not wrong, and waits for the next run.
Result<void> check_marts(WarehouseShape& shape, const Recounts& recounts, bool derived, Recount& recount,
                         LakeView& lake, std::span<const OpenBatch::State> states,
                         warehouse::Warehouse& warehouse, Findings& findings, Report& report);

}  // namespace sdp::verify
