#pragma once

#include <cstdint>
#include <string>

#include "warehouse/warehouse.h"

namespace sdp::cli {

/// 1234567 -> `1,234,567`
std::string with_commas(std::uint64_t number);
/// 0 when no time passed.
double per_second(std::uint64_t count, double seconds);
/// Rate of `count` over `seconds`, in words: `412 k/s`; `-` when no time passed.
std::string rate(std::uint64_t count, double seconds);
/// Aligned columns with a header line, numbers to the right; at most `rows_max` rows, then how many more
/// there are.
std::string format_table(const warehouse::Table& table, std::size_t rows_max);
/// Upper-case column names, as the warehouse's own console shows them.
warehouse::Table upper_case_header(warehouse::Table table);

}  // namespace sdp::cli
