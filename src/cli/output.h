#pragma once

#include <cstdint>
#include <string>

#include "base/text_table.h"
#include "warehouse/warehouse.h"

namespace sdp::cli {

using base::format_table;
using base::plural;
using base::with_commas;

/// 0 when no time passed.
double per_second(std::uint64_t count, double seconds);
/// Rate of `count` over `seconds`, in words: `412 k/s`; `-` when no time passed.
std::string rate(std::uint64_t count, double seconds);

}  // namespace sdp::cli
