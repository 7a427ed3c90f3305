#pragma once

#include "warehouse/warehouse.h"

namespace sdp::warehouse {

// The ledger as any warehouse answers it, by its scan.

Result<std::vector<LoadedChain>> read_chains(Warehouse& warehouse);
Result<std::vector<std::string>> read_objects(Warehouse& warehouse);

}  // namespace sdp::warehouse
