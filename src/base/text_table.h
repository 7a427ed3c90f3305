#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sdp::base {

/// Rows of texts for people to read; nothing is shown as NULL.
struct TextTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
};

/// Code points, which is near enough to columns of a terminal for names of songs.
std::size_t display_width(std::string_view text);

/// 1234567 -> `1,234,567`
std::string with_commas(std::uint64_t number);
/// `1 row`, `1,234 rows`; of a noun that takes an s.
std::string plural(std::uint64_t count, std::string_view noun);

/// Aligned columns with a header line, numbers to the right; at most `rows_max` rows, then how many more
/// there are.
std::string format_table(const TextTable& table, std::size_t rows_max);
inline std::string format_table(const TextTable& table) {
  return format_table(table, table.rows.size());
}

}  // namespace sdp::base
