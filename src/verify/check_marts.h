#pragma once

#include <cstdint>

#include "verify/findings.h"
#include "verify/recount.h"
#include "warehouse/warehouse.h"

namespace sdp::verify {

struct MartCounts {
  std::uint64_t songs = 0;       ///< rows of TOP_SONGS
  std::uint64_t engagement = 0;  ///< rows of USER_ENGAGEMENT
  std::uint64_t cells = 0;       ///< numbers compared in both
};

/// Compares every row of the marts with the recount, in both directions. Marks what it found in the recount.
Result<MartCounts> check_marts(Recount& recount, warehouse::Warehouse& warehouse, Findings& findings);

}  // namespace sdp::verify
