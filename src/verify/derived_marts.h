#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "verify/findings.h"
#include "warehouse/warehouse.h"

namespace sdp::verify {

struct DerivedCounts {
  std::uint64_t tables = 0;
  std::uint64_t rows = 0;
  std::uint64_t cells = 0;  ///< compared
};

/// The marts that docs/formats/mart-tables.md derives from kept events, beside the two that the recount holds
/// in memory. Their rows are counted again from SPOTIFY_SILVER, which was compared with the lake before, by
/// SQL of verify's own: the whole of silver at once, in another form than the models'. The number of cells
/// compared. Marts that are not among `present` ("MART.SONG_DAILY") are left out, with a note.
Result<DerivedCounts> check_derived_marts(warehouse::Warehouse& warehouse,
                                          const std::set<std::string>& present, Findings& findings);

}  // namespace sdp::verify
