#include "report/grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "base/ascii.h"
#include "base/text_table.h"
#include "report/html_text.h"
#include "report/style.h"

namespace sdp::report {
namespace {

using snapshot::Column;
using snapshot::Kind;
using snapshot::Mart;

constexpr std::size_t kCellCharacters = 80;
constexpr std::size_t kTitleCharacters = 400;
constexpr std::size_t kNameCharacters = 80;
constexpr std::size_t kProfileCharacters = 18;
constexpr std::size_t kProfileValues = 2;
constexpr double kBarHeight = 20;

bool is_right(Kind kind) {
  return kind == Kind::number;
}

/// `2026-02-15 17:52:36.123` of `2026-02-15T17:52:36.123Z`; whole seconds without their zeros.
std::string shown_time(std::string_view iso) {
  if (iso.size() != 24 || iso[10] != 'T' || iso[23] != 'Z') return escaped(iso);
  const std::string_view millis = iso.substr(19, 4);
  return fmt::format("{} {}{}", iso.substr(0, 10), iso.substr(11, 8), millis == ".000" ? "" : millis);
}

/// `1,234,567`; a fraction with as many digits as people read, its own value beside it.
std::string shown_number(const std::string& text) {
  const bool is_negative = text.starts_with('-');
  const std::string_view digits = std::string_view(text).substr(is_negative ? 1 : 0);
  const bool is_whole = !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
  if (is_whole) {
    std::string grouped(is_negative ? "-" : "");
    for (std::size_t at = 0; at < digits.size(); ++at) {
      if (at > 0 && (digits.size() - at) % 3 == 0) grouped += ',';
      grouped += digits[at];
    }
    return grouped;
  }
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || !std::isfinite(value))
    return escaped(text);
  std::string shown = std::abs(value) < 1e6 ? fmt::format("{:.4f}", value) : fmt::format("{:.6g}", value);
  if (shown == text) return shown;
  return fmt::format("<data value=\"{}\">{}</data>", escaped(text), shown);
}

std::string bounded(std::string_view text, std::size_t characters_max) {
  const HtmlText shown = html_text(text, characters_max);
  if (!shown.cut) return shown.html;
  return fmt::format("<span title=\"{}\">{}</span>", html_text(text, kTitleCharacters).html, shown.html);
}

/// A year is a name: 2,026 is none.
bool is_year(const Column& column) {
  return base::upper(column.name) == "YEAR";
}

std::string shown_value(const std::string& text, const Column& column, std::size_t characters_max) {
  if (column.kind == Kind::number && !is_year(column) && text.size() <= characters_max)
    return shown_number(text);
  if (column.kind == Kind::time) return shown_time(text);
  return bounded(text, characters_max);
}

void append_cell(std::string& html, const snapshot::Cell& cell, const Column& column) {
  if (!cell) {
    html += "<td class=\"null\">NULL</td>";
    return;
  }
  html += "<td>";
  html += shown_value(*cell, column, kCellCharacters);
  html += "</td>";
}

/// A bar whose parts are the frequent values. Numbers are attributes: no style of its own.
std::string parts_svg(const Column& column, std::uint64_t rows) {
  std::string svg =
      "<svg class=\"parts\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\">";
  double at = 0;
  std::size_t shade = 0;
  for (const snapshot::TopValue& value : column.profile.top) {
    const double width = 100 * static_cast<double>(value.rows) / static_cast<double>(rows);
    svg += fmt::format("<rect class=\"s{}\" x=\"{:.2f}\" width=\"{:.2f}\" height=\"4\"/>", shade++, at,
                       std::max(width - 0.6, 0.2));
    at += width;
  }
  return svg + "</svg>";
}

std::string histogram_svg(const Column& column) {
  std::uint64_t most = 1;
  for (const snapshot::Bin& bin : column.profile.histogram) most = std::max(most, bin.rows);
  std::string svg = fmt::format(
      "<svg class=\"bins\" viewBox=\"0 0 {} {}\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
      column.profile.histogram.size() * 10, kBarHeight);
  for (std::size_t at = 0; at < column.profile.histogram.size(); ++at) {
    const std::uint64_t rows = column.profile.histogram[at].rows;
    if (rows == 0) continue;
    const double height = std::max(1.0, kBarHeight * static_cast<double>(rows) / static_cast<double>(most));
    svg += fmt::format("<rect x=\"{}\" y=\"{:.1f}\" width=\"9\" height=\"{:.1f}\"/>", at * 10,
                       kBarHeight - height, height);
  }
  return svg + "</svg>";
}

std::string range_text(const Column& column) {
  const snapshot::Profile& profile = column.profile;
  if (!profile.min || !profile.max) return "";
  const std::string low = shown_value(*profile.min, column, kProfileCharacters);
  if (profile.min == profile.max) return "all " + low;
  return fmt::format("{} to {}", low, shown_value(*profile.max, column, kProfileCharacters));
}

/// Whether some value says more than that there are many: few different ones, or one that a hundredth has.
bool has_frequent_values(const Column& column, std::uint64_t rows) {
  const snapshot::Profile& profile = column.profile;
  if (profile.top.empty()) return false;
  return profile.distinct <= snapshot::kTopValues || profile.top.front().rows * 100 >= rows;
}

/// `CA 20.5 %, DE 19.2 %, +1 more`
std::string values_text(const Column& column, std::uint64_t rows) {
  const snapshot::Profile& profile = column.profile;
  std::string text;
  const std::size_t shown = std::min(kProfileValues, profile.top.size());
  for (std::size_t at = 0; at < shown; ++at) {
    const snapshot::TopValue& value = profile.top[at];
    text += fmt::format("{}<bdi>{}</bdi> {}", at == 0 ? "" : ", ",
                        shown_value(value.value, column, kProfileCharacters), percent(value.rows, rows));
  }
  if (profile.distinct > shown)
    text += fmt::format(", +{} more", base::with_commas(profile.distinct - shown));
  return text;
}

std::string profile_cell(const Column& column, std::uint64_t rows) {
  const snapshot::Profile& profile = column.profile;
  if (rows == 0) return "<td></td>";
  std::string picture;
  std::string text;
  if (column.kind == Kind::number && !profile.histogram.empty()) {
    picture = histogram_svg(column);
    text = range_text(column);
  } else if (profile.distinct > snapshot::kTopValues &&
             (column.kind == Kind::time || column.kind == Kind::number)) {
    text = range_text(column);
  } else if (has_frequent_values(column, rows)) {
    picture = parts_svg(column, rows);
    text = values_text(column, rows);
  } else if (profile.distinct > 0) {
    text = fmt::format("{} different", base::with_commas(profile.distinct));
  }
  if (profile.nulls > 0)
    text += fmt::format("{}<i>NULL {}</i>", text.empty() ? "" : ", ", percent(profile.nulls, rows));
  return fmt::format("<td>{}{}</td>", picture, text);
}

std::string caption(const Mart& mart, std::size_t shown) {
  const std::string rows = shown == mart.rows_total ? base::plural(mart.rows_total, "row")
                                                    : fmt::format("first {} of {}", base::with_commas(shown),
                                                                  base::plural(mart.rows_total, "row"));
  return fmt::format("<caption>{}, {:.0f} ms</caption>", rows, std::max(mart.query_ms, 1.0));
}

}  // namespace

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "0 %";
  const double share = 100 * static_cast<double>(part) / static_cast<double>(whole);
  if (part == whole) return "100 %";
  if (part > 0 && share < 0.05) return "&lt; 0.1 %";
  return fmt::format("{:.1f} %", std::min(share, 99.9));
}

std::string grid(const Mart& mart, const std::string& id, std::size_t rows_max) {
  const std::size_t shown = std::min(rows_max, mart.rows.size());
  std::string right;
  for (std::size_t at = 0; at < mart.columns.size() && at < kRightColumnsMax; ++at) {
    if (is_right(mart.columns[at].kind)) right += fmt::format(" r{}", at + 1);
  }
  std::string html = fmt::format(
      "<div class=\"scroll\" role=\"region\" aria-labelledby=\"{0}\" tabindex=\"0\"><table class=\"grid{1}\" "
      "data-mart=\"{2}\">{3}<thead><tr>",
      id, right, escaped(mart.name), caption(mart, shown));
  for (const Column& column : mart.columns) {
    html += fmt::format("<th scope=\"col\" title=\"{} · {}\">{}</th>", escaped(column.type),
                        escaped(column.description), bounded(column.name, kNameCharacters));
  }
  html += "</tr><tr class=\"profile\">";
  for (const Column& column : mart.columns) html += profile_cell(column, mart.rows_total);
  html += "</tr></thead><tbody>";
  for (std::size_t at = 0; at < shown; ++at) {
    html += "<tr>";
    for (std::size_t i = 0; i < mart.columns.size(); ++i)
      append_cell(html, mart.rows[at].at(i), mart.columns[i]);
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

}  // namespace sdp::report
