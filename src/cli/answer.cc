#include "cli/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <ranges>
#include <set>

#include "base/json_text.h"
#include "base/terminal_text.h"
#include "base/text_table.h"

namespace sdp::cli {
namespace {

using warehouse::Column;

void append_field(std::string& record, std::string_view text) {
  if (!text.empty() && text.find_first_of("\",\r\n") == std::string_view::npos) {
    record += text;
    return;
  }
  record += '"';
  for (const char c : text) record.append(c == '"' ? 2 : 1, c);
  record += '"';
}

void append_json_text(std::string& out, std::string_view text) {
  out += base::escaped_json(base::dumped(text));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Whether JSON has such a number: `-0.5e+10`, and neither `007`, `.5`, `1.` nor `nan`.
bool is_json_number(std::string_view text) {
  const auto take_digits = [&text] {
    const std::size_t count =
        std::min(text.size(), static_cast<std::size_t>(std::ranges::distance(
                                  text.begin(), std::ranges::find_if_not(text, is_digit))));
    text.remove_prefix(count);
    return count;
  };
  const auto take = [&text](std::string_view any) {
    const bool found = !text.empty() && any.contains(text.front());
    if (found) text.remove_prefix(1);
    return found;
  };
  take("-");
  const bool begins_with_zero = text.starts_with('0');
  const std::size_t whole = take_digits();
  if (whole == 0 || (begins_with_zero && whole > 1)) return false;
  if (take(".") && take_digits() == 0) return false;
  if (take("eE")) {
    take("+-");
    if (take_digits() == 0) return false;
  }
  return text.empty();
}

void append_json_value(std::string& out, const std::optional<std::string_view>& cell, Column::Kind kind) {
  if (!cell) {
    out += "null";
  } else if ((kind == Column::Kind::number && is_json_number(*cell)) ||
             (kind == Column::Kind::boolean && (*cell == "true" || *cell == "false"))) {
    out += *cell;
  } else {
    append_json_text(out, *cell);
  }
}

}  // namespace

std::string csv_record(warehouse::RowView cells) {
  std::string record;
  for (std::size_t at = 0; at < cells.size(); ++at) {
    if (at > 0) record += ',';
    if (cells[at]) append_field(record, *cells[at]);
  }
  return record + "\r\n";
}

std::vector<std::string> json_keys(std::span<const Column> columns) {
  std::set<std::string> taken;
  for (const Column& column : columns) taken.insert(column.name);
  std::set<std::string> used;
  std::vector<std::string> keys;
  for (const Column& column : columns) {
    std::string key = column.name;
    for (int number = 2; used.contains(key) || (key != column.name && taken.contains(key)); ++number)
      key = fmt::format("{}_{}", column.name, number);
    used.insert(key);
    keys.push_back(std::move(key));
  }
  return keys;
}

std::string json_record(std::span<const std::string> keys, std::span<const Column> columns,
                        warehouse::RowView cells) {
  std::string record = "{";
  for (std::size_t at = 0; at < cells.size(); ++at) {
    if (at > 0) record += ',';
    append_json_text(record, keys[at]);
    record += ':';
    append_json_value(record, cells[at], columns[at].kind);
  }
  return record + "}\n";
}

std::string cut_to(std::string_view text, std::size_t width_max) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool begins_one = (text[at] & 0xc0) != 0x80;
    if (begins_one && width++ == width_max) return std::string(text.substr(0, at)) + "…";
  }
  return std::string(text);
}

void TableAnswer::set_columns(std::span<const Column> columns) {
  for (const Column& column : columns) {
    table_.columns.push_back(cut_to(base::printable(column.name), limits_.cell_width_max));
    widths_.push_back(base::display_width(table_.columns.back()));
  }
}

void TableAnswer::add(warehouse::RowView cells) {
  ++rows_;
  // Once a row was left out, all that follow are.
  if (kept_ + 1 != rows_ || kept_ == limits_.rows_max) return;
  const std::size_t row_bytes = std::accumulate(widths_.begin(), widths_.end(), 2 * widths_.size());
  if (table_.rows.size() * row_bytes > limits_.bytes_max) return;
  ++kept_;
  if (line_ends_ == LineEnds::are_rows) return keep_lines(cells);
  std::vector<std::optional<std::string>> kept;
  for (const auto& cell : cells)
    kept.push_back(cell ? std::optional(cut_to(base::printable(*cell), limits_.cell_width_max))
                        : std::nullopt);
  keep(std::move(kept));
}

void TableAnswer::keep(std::vector<std::optional<std::string>> cells) {
  for (std::size_t at = 0; at < cells.size(); ++at)
    widths_[at] = std::max(widths_[at], base::display_width(cells[at].value_or("NULL")));
  table_.rows.push_back(std::move(cells));
}

void TableAnswer::keep_lines(warehouse::RowView cells) {
  std::vector<std::vector<std::string>> columns;
  std::size_t height = 0;
  for (const auto& cell : cells) {
    std::vector<std::string>& lines = columns.emplace_back();
    for (const auto line : std::views::split(cell.value_or(""), '\n')) {
      lines.push_back(
          cut_to(base::printable(std::string_view(line.begin(), line.end())), limits_.cell_width_max));
    }
    height = std::max(height, lines.size());
  }
  for (std::size_t at = 0; at < height; ++at) {
    std::vector<std::optional<std::string>> row;
    for (const auto& lines : columns) row.emplace_back(at < lines.size() ? lines[at] : "");
    keep(std::move(row));
  }
}

std::string TableAnswer::text() const {
  if (table_.columns.empty()) return {};
  const std::string count = kept_ == rows_
                                ? base::plural(rows_, "row")
                                : fmt::format("{} of {}; --max-rows shows more, --csv and --json all",
                                              base::with_commas(kept_), base::plural(rows_, "row"));
  return fmt::format("{}{}\n", base::format_table(table_), count);
}

}  // namespace sdp::cli
