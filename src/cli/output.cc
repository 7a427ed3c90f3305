#include "cli/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace sdp::cli {

double per_second(std::uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

std::string rate(std::uint64_t count, double seconds) {
  if (seconds <= 0) return "-";
  const double value = per_second(count, seconds);
  if (value >= 1e6) return fmt::format("{:.2f} M/s", value / 1e6);
  if (value >= 1e3) return fmt::format("{:.0f} k/s", value / 1e3);
  return fmt::format("{:.1f}/s", value);
}

warehouse::Table upper_case_header(warehouse::Table table) {
  for (std::string& column : table.columns) {
    std::ranges::transform(column, column.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  }
  return table;
}

}  // namespace sdp::cli
