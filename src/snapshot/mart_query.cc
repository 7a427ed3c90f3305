#include "snapshot/mart_query.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <unordered_map>
#include <utility>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/utc_time.h"
#include "warehouse/sql_text.h"

namespace sdp::snapshot {
namespace {

/// A frequent value is shown in a line, so its end says little.
constexpr std::size_t kValueBytesMax = 200;
constexpr std::string_view kEllipsis = "…";

// Milliseconds since 1970: what a calendar date can be made of.
constexpr std::int64_t kYear1 = -62'135'596'800'000;
constexpr std::int64_t kYear10000 = 253'402'300'800'000;

// What a row of the profile's answer is about.
constexpr std::string_view kRows = "rows";
constexpr std::string_view kCounts = "counts";  // a: NULLs, b: different values
constexpr std::string_view kRange = "range";    // a: least, b: greatest value
constexpr std::string_view kValue = "value";    // a: the value, n: its rows
constexpr std::string_view kBin = "bin";        // a: number of the bin, n: its rows

std::optional<double> real_of(const std::optional<std::string>& text) {
  double value = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

bool is_whole(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Whole numbers of any length, without leading zeros.
bool is_less_whole(std::string_view one, std::string_view other) {
  const bool is_negative = one.starts_with('-');
  if (is_negative != other.starts_with('-')) return is_negative;
  if (is_negative) std::swap(one, other);
  return one.size() != other.size() ? one.size() < other.size() : one < other;
}

/// As warehouses order the values of a kind; NaN is behind all numbers.
bool is_less(Kind kind, const std::string& one, const std::string& other) {
  if (kind != Kind::number) return one < other;
  if (is_whole(one) && is_whole(other)) return is_less_whole(one, other);
  const double left = std::strtod(one.c_str(), nullptr);
  const double right = std::strtod(other.c_str(), nullptr);
  if (std::isnan(left) || std::isnan(right)) return !std::isnan(left) && std::isnan(right);
  return left < right;
}

/// A column's values are compared, counted and shown as its cells are: times to the millisecond.
std::string value_sql(const Column& column, const EpochMs& epoch_ms) {
  const std::string name = warehouse::sql_identifier(column.name);
  return column.kind == Kind::time ? epoch_ms(name) : name;
}

/// The queries of one column over `values_N`, which has each of its values once, with how many rows have it.
void add_column(std::vector<std::string>& parts, std::size_t at, Kind kind) {
  const std::string values = fmt::format("values_{}", at);
  parts.push_back(fmt::format(
      "SELECT {} AS c, '{}' AS what, CAST(COALESCE(SUM(CASE WHEN v IS NULL THEN n END), 0) AS VARCHAR) AS a, "
      "CAST(COUNT(v) AS VARCHAR) AS b, 0 AS n FROM {}",
      at, kCounts, values));
  // The least and the greatest truth value say nothing, and not every warehouse orders them.
  if (kind != Kind::boolean) {
    parts.push_back(fmt::format(
        "SELECT {}, '{}', CAST(MIN(v) AS VARCHAR), CAST(MAX(v) AS VARCHAR), 0 FROM {}", at, kRange, values));
  }
  parts.push_back(
      fmt::format("(SELECT {}, '{}', CAST(v AS VARCHAR), NULL, n FROM {} WHERE v IS NOT NULL ORDER BY n "
                  "DESC, v LIMIT {})",
                  at, kValue, values, kTopValues));
  if (kind != Kind::number) return;
  parts.push_back(
      fmt::format("SELECT {0}, '{1}', CAST(bin AS VARCHAR), NULL, SUM(n) FROM (SELECT CAST(LEAST({2}, "
                  "FLOOR((CAST(v AS DOUBLE) - "
                  "low) * {3} / NULLIF(high - low, 0))) AS INTEGER) AS bin, n FROM {4}, (SELECT CAST(MIN(v) "
                  "AS DOUBLE) AS low, "
                  "CAST(MAX(v) AS DOUBLE) AS high FROM {4}) AS bounds WHERE v IS NOT NULL AND high - low < "
                  "1e300) AS binned WHERE "
                  "bin IS NOT NULL GROUP BY bin",
                  at, kBin, kBins - 1, kBins, values));
}

std::string table_of(const Mart& mart) {
  return "MART." + warehouse::sql_identifier(mart.name);
}

void sort_top(Column& column) {
  std::ranges::sort(column.profile.top, [&](const TopValue& one, const TopValue& other) {
    return one.rows != other.rows ? one.rows > other.rows : is_less(column.kind, one.value, other.value);
  });
}

/// What the bins of a column span; nothing when its numbers are all the same, or not finite.
struct Span {
  double low = 0;
  double high = 0;
};

std::optional<Span> span_of(const Column& column) {
  const auto low = real_of(column.profile.min);
  const auto high = real_of(column.profile.max);
  if (column.kind != Kind::number || !low || !high || *low >= *high || *high - *low >= 1e300)
    return std::nullopt;
  return Span{*low, *high};
}

/// Bins without a row are rows of the histogram, too.
void add_bins(Column& column, const std::vector<std::uint64_t>& bins) {
  const auto span = span_of(column);
  if (!span) return;
  const double width = (span->high - span->low) / static_cast<double>(kBins);
  for (std::size_t at = 0; at < kBins; ++at) {
    const double from = span->low + width * static_cast<double>(at);
    const double to = at + 1 == kBins ? span->high : span->low + width * static_cast<double>(at + 1);
    column.profile.histogram.push_back({from, to, bins[at]});
  }
}

/// Names and bounds are for people: the ends of long values say little.
void shorten(Profile& profile) {
  for (auto* const text : {&profile.min, &profile.max}) {
    if (*text) *text = cut_text(**text, kValueBytesMax);
  }
  for (TopValue& value : profile.top) value.value = cut_text(value.value, kValueBytesMax);
}

void profile_column(const std::vector<std::vector<Cell>>& rows, std::size_t at, Column& column) {
  Profile& profile = column.profile;
  std::unordered_map<std::string_view, std::uint64_t> values;
  for (const auto& row : rows) {
    if (row.at(at)) {
      ++values[*row[at]];
    } else {
      ++profile.nulls;
    }
  }
  profile.distinct = values.size();
  for (const auto& [value, count] : values) profile.top.push_back({std::string(value), count});
  if (column.kind != Kind::boolean && !profile.top.empty()) {
    const auto [min, max] = std::ranges::minmax_element(
        profile.top,
        [&](const std::string& one, const std::string& other) { return is_less(column.kind, one, other); },
        &TopValue::value);
    profile.min = min->value;
    profile.max = max->value;
  }
  std::vector<std::uint64_t> bins(kBins);
  if (const auto span = span_of(column)) {
    for (const TopValue& value : profile.top) {
      const double part =
          (real_of(value.value).value_or(span->low) - span->low) * kBins / (span->high - span->low);
      bins[std::min(kBins - 1, static_cast<std::size_t>(part))] += value.rows;
    }
  }
  add_bins(column, bins);
  sort_top(column);
  if (profile.top.size() > kTopValues) profile.top.resize(kTopValues);
  shorten(profile);
}

}  // namespace

std::uint64_t count_of(const std::optional<std::string>& text) {
  std::uint64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

Kind kind_of(std::string_view type) {
  const std::string upper = base::upper(type.substr(0, type.find('(')));
  if (upper == "BOOLEAN") return Kind::boolean;
  if (upper == "DATE") return Kind::date;
  if (upper.starts_with("TIMESTAMP") || upper == "DATETIME") return Kind::time;
  constexpr std::string_view kNumbers[] = {
      "TINYINT",  "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
      "UHUGEINT", "FLOAT",    "DOUBLE",  "REAL",   "DECIMAL", "NUMBER",   "NUMERIC",   "INT"};
  return std::ranges::find(kNumbers, upper) != std::end(kNumbers) ? Kind::number : Kind::text;
}

std::string rows_sql(const Mart& mart, std::size_t limit, const EpochMs& epoch_ms) {
  std::vector<std::string> cells;
  for (const Column& column : mart.columns) {
    const std::string name = warehouse::sql_identifier(column.name);
    cells.push_back(column.kind == Kind::time ? fmt::format("{} AS {}", value_sql(column, epoch_ms), name)
                                              : name);
  }
  return fmt::format("SELECT {} FROM {} ORDER BY {} LIMIT {}", fmt::join(cells, ", "), table_of(mart),
                     mart.order_by, limit);
}

std::string profile_sql(const Mart& mart, const EpochMs& epoch_ms) {
  std::vector<std::string> values;
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < mart.columns.size(); ++at) {
    const Column& column = mart.columns[at];
    values.push_back(fmt::format("values_{0} AS (SELECT {1} AS v, COUNT(*) AS n FROM {2} GROUP BY {1})", at,
                                 value_sql(column, epoch_ms), table_of(mart)));
    add_column(parts, at, column.kind);
  }
  parts.push_back(fmt::format("SELECT 0, '{}', NULL, NULL, COUNT(*) FROM {}", kRows, table_of(mart)));
  return fmt::format("WITH {} {}", fmt::join(values, ", "), fmt::join(parts, " UNION ALL "));
}

void read_profile(const base::TextTable& answer, Mart& mart) {
  std::vector<std::vector<std::uint64_t>> bins(mart.columns.size(), std::vector<std::uint64_t>(kBins));
  for (const auto& row : answer.rows) {
    const std::string what = row.at(1).value_or("");
    if (what == kRows) mart.rows_total = count_of(row.at(4));
    const std::uint64_t at = count_of(row.at(0));
    if (what == kRows || at >= mart.columns.size()) continue;
    Column& column = mart.columns[at];
    const auto kept = [&](const std::optional<std::string>& text) -> std::optional<std::string> {
      bool cut = false;
      if (!text) return std::nullopt;
      return kept_cell(*text, column.kind, text->size(), cut);
    };
    if (what == kCounts) {
      column.profile.nulls = count_of(row.at(2));
      column.profile.distinct = count_of(row.at(3));
    } else if (what == kRange) {
      column.profile.min = kept(row.at(2));
      column.profile.max = kept(row.at(3));
    } else if (what == kValue) {
      column.profile.top.push_back({kept(row.at(2)).value_or(""), count_of(row.at(4))});
    } else if (what == kBin && count_of(row.at(2)) < kBins) {
      bins[at][count_of(row.at(2))] += count_of(row.at(4));
    }
  }
  for (std::size_t at = 0; at < mart.columns.size(); ++at) {
    Column& column = mart.columns[at];
    add_bins(column, bins[at]);
    sort_top(column);
    shorten(column.profile);
  }
}

void profile_rows(Mart& mart) {
  mart.rows_total = mart.rows.size();
  for (std::size_t at = 0; at < mart.columns.size(); ++at) profile_column(mart.rows, at, mart.columns[at]);
}

std::string kept_cell(std::string_view text, Kind kind, std::size_t bytes_max, bool& cut) {
  if (kind == Kind::time) {
    std::int64_t ms = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
    const bool is_a_time = ms >= kYear1 && ms < kYear10000;
    if (error == std::errc{} && end == text.data() + text.size() && is_a_time)
      return base::format_iso(UtcMillis(std::chrono::milliseconds(ms)));
  }
  cut = text.size() > bytes_max;
  return cut_text(text, bytes_max);
}

std::string cut_text(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  std::size_t end = bytes_max > kEllipsis.size() ? bytes_max - kEllipsis.size() : 0;
  // Not inside a character: its further bytes are 10xxxxxx.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + std::string(kEllipsis);
}

std::string order_by_columns(const std::vector<Column>& columns) {
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(warehouse::sql_identifier(column.name));
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace sdp::snapshot
