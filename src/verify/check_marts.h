#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "verify/findings.h"
#include "verify/recount.h"
#include "verify/warehouse_shape.h"
#include "warehouse/warehouse.h"

namespace sdp::verify {

struct MartCounts {
  std::uint64_t rows = 0;
  std::uint64_t cells = 0;  ///< compared
};

/// The marts that the recount of the lake's lines holds in memory.
inline constexpr std::array<std::string_view, 2> kCountedFromLake = {"MART.TOP_SONGS",
                                                                     "MART.USER_ENGAGEMENT"};

bool is_counted_from_lake(std::string_view mart);

/// Compares every row of such a mart with the recount, in both directions. Marks what it found in the
/// recount. Nothing is compared with a mart that is broken.
Result<MartCounts> check_mart(const std::string& mart, Recount& recount, WarehouseShape& shape,
                              warehouse::Warehouse& warehouse, Findings& findings);

}  // namespace sdp::verify
