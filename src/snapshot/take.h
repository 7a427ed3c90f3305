#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "snapshot/snapshot.h"
#include "transform/manifest.h"
#include "warehouse/warehouse.h"

namespace sdp::snapshot {

/// What a snapshot is made of besides the warehouse.
struct Sources {
  transform::Manifest manifest;
  std::optional<transform::BuildResults> dbt;
  std::string writer;
};

/// A digest of what the marts depend on: the ledger of closed batches, the parts that they were made by, the
/// catalogue of the marts, and the text of the models as far as `manifest` has it. While it stays the same,
/// so do the marts. `misconfigured` when there are no marts.
Result<std::string> read_state(warehouse::Warehouse& warehouse, const Sources& sources);

/// Reads the marts and what is known of them, in one query a mart, and a second one where it
/// has more rows than are kept. State, rejected rows and last proof are
/// the caller's to add. `misconfigured` when there are no marts.
Result<Snapshot> take(warehouse::Warehouse& warehouse, const Sources& sources, const Limits& limits,
                      Clock& clock);

}  // namespace sdp::snapshot
