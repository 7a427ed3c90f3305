#include "base/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <string_view>

#include "base/terminal_text.h"

namespace sdp::base {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || c == '.' || c == ',' || c == '-';
  }) && std::ranges::count(text, '-') <= 1;
}

std::string cell_text(const std::optional<std::string>& value) {
  return value ? printable(*value) : "NULL";
}

void append_cell(std::string& out, const std::string& text, std::size_t width, bool to_right) {
  const std::size_t padding = width - std::min(width, display_width(text));
  if (to_right) out.append(padding, ' ');
  out.append(text);
  if (!to_right) out.append(padding, ' ');
}

}  // namespace

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string with_commas(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t at = 0; at < digits.size(); ++at) {
    if (at > 0 && (digits.size() - at) % 3 == 0) text.push_back(',');
    text.push_back(digits[at]);
  }
  return text;
}

std::string plural(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", with_commas(count), noun, count == 1 ? "" : "s");
}

std::string format_table(const TextTable& table, std::size_t rows_max) {
  const std::size_t shown = std::min(rows_max, table.rows.size());
  std::vector<std::size_t> widths;
  std::vector<bool> to_right;
  for (std::size_t column = 0; column < table.columns.size(); ++column) {
    std::size_t width = display_width(printable(table.columns[column]));
    bool numbers = shown > 0;
    for (std::size_t row = 0; row < shown; ++row) {
      const std::string text = cell_text(table.rows[row][column]);
      width = std::max(width, display_width(text));
      numbers = numbers && is_number(text);
    }
    widths.push_back(width);
    to_right.push_back(numbers);
  }
  std::string out;
  const auto append_row = [&](auto cell) {
    out.append("  ");
    for (std::size_t column = 0; column < widths.size(); ++column) {
      append_cell(out, cell(column), widths[column], to_right[column]);
      out.append("  ");
    }
    out.resize(out.find_last_not_of(' ') + 1);
    out.push_back('\n');
  };
  append_row([&](std::size_t column) { return printable(table.columns[column]); });
  append_row([&](std::size_t column) { return std::string(widths[column], '-'); });
  for (std::size_t row = 0; row < shown; ++row) {
    append_row([&](std::size_t column) { return cell_text(table.rows[row][column]); });
  }
  if (table.rows.size() > shown)
    out += fmt::format("  ... and {}\n", plural(table.rows.size() - shown, "more row"));
  return out;
}

}  // namespace sdp::base
