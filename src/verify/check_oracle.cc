#include "verify/check_oracle.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <compare>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/utc_time.h"
#include "verify/oracle_file.h"
#include "verify/table_rows.h"
#include "verify/tables.h"

namespace sdp::verify {
namespace {

using warehouse::CellView;
using Row = nlohmann::json;

/// A column as the warehouse is asked for it.
std::string asked(std::string_view column, std::string_view type, OracleRows which,
                  const warehouse::Warehouse& warehouse) {
  if (which == OracleRows::sums) return fmt::format("CAST(COALESCE(SUM({}), 0) AS BIGINT)", column);
  if (type == "DATE") return fmt::format("CAST({} AS VARCHAR)", column);
  if (type == "TIMESTAMP") return warehouse.epoch_us(column);
  return std::string(column);
}

std::string question(const OracleTable& table, const warehouse::Warehouse& warehouse) {
  std::vector<std::string> columns;
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    columns.push_back(asked(table.columns[i], table.types[i], table.which, warehouse));
  std::string sql = fmt::format("SELECT {} FROM {}", fmt::join(columns, ", "), table.table);
  if (table.which == OracleRows::current) sql += " WHERE dbt_valid_to IS NULL";
  if (table.key > 0) {
    fmt::format_to(std::back_inserter(sql), " ORDER BY {}",
                   fmt::join(table.columns.begin(),
                             table.columns.begin() + static_cast<std::ptrdiff_t>(table.key), ", "));
  }
  return sql;
}

/// What an oracle says of this cell when both agree. A cell that its type cannot hold becomes a text, which
/// no oracle says.
void append_cell(std::string& out, const CellView& cell, std::string_view type) {
  if (!cell) {
    out += "null";
  } else if ((type == "BIGINT" && integer_of(cell)) ||
             (type == "BOOLEAN" && (*cell == "true" || *cell == "false"))) {
    out += *cell;
  } else if (const auto us = type == "TIMESTAMP" ? integer_of(cell) : std::nullopt) {
    out += '"';
    const std::int64_t part = *us % 1'000;
    base::append_iso(out, UtcMillis(std::chrono::milliseconds((*us - part) / 1'000)));
    if (part != 0) {
      out.pop_back();
      fmt::format_to(std::back_inserter(out), "{:03}Z", part);
    }
    out += '"';
  } else if (type == "DOUBLE") {
    double number = 0;
    const auto [end, error] = std::from_chars(cell->data(), cell->data() + cell->size(), number);
    if (error == std::errc() && end == cell->data() + cell->size()) {
      fmt::format_to(std::back_inserter(out), "{}", number);
    } else {
      base::append_json_string(out, *cell);
    }
  } else {
    base::append_json_string(out, *cell);
  }
}

std::strong_ordering compare(const Row& a, const Row& b) {
  if (a.is_number_integer() && b.is_number_integer()) return a.get<std::int64_t>() <=> b.get<std::int64_t>();
  if (a.is_string() && b.is_string())
    return a.get_ref<const std::string&>() <=> b.get_ref<const std::string&>();
  return static_cast<int>(a.type()) <=> static_cast<int>(b.type());
}

std::strong_ordering compare_keys(const Row& a, const Row& b, std::size_t key) {
  for (std::size_t i = 0; i < key; ++i) {
    if (const auto order = compare(a[i], b[i]); order != std::strong_ordering::equal) return order;
  }
  return std::strong_ordering::equal;
}

/// Compares one mart with its part of the file.
class MartAgainstOracle {
 public:
  MartAgainstOracle(OracleFile& file, const OracleTable& table, Findings& findings)
      : file_(file), table_(table), findings_(findings) {}

  /// Rows of the mart come in ascending order of the key, as those of the file do.
  Result<void> run(warehouse::Warehouse& warehouse, WarehouseShape& shape) {
    SDP_RETURN_IF_ERROR(advance());
    Result<void> compared;
    SDP_RETURN_IF_ERROR(scan_table(
        warehouse, shape, table_.table, question(table_, warehouse),
        [&](warehouse::RowView cells) {
          if (compared) compared = visit(cells);
        },
        findings_));
    SDP_RETURN_IF_ERROR(compared);
    // What cannot be read is a finding already.
    if (!shape.usable(table_.table)) return {};
    while (has_row_) {
      SDP_TRY(const Row told, parsed());
      missing(told);
      SDP_RETURN_IF_ERROR(advance());
    }
    return {};
  }

 private:
  Result<void> visit(warehouse::RowView cells) {
    text_ = "[";
    for (std::size_t i = 0; i < table_.types.size(); ++i) {
      if (i > 0) text_ += ',';
      append_cell(text_, cells[i], table_.types[i]);
    }
    text_ += ']';
    // Most are equal to the byte, and nothing needs to be understood.
    if (has_row_ && text_ == line_) return advance();
    const Row found = Row::parse(text_, nullptr, false);
    while (has_row_) {
      SDP_TRY(const Row told, parsed());
      const auto order = compare_keys(told, found, table_.key);
      if (order == std::strong_ordering::equal) {
        cells_of(told, found);
        return advance();
      }
      if (order == std::strong_ordering::greater) break;
      missing(told);
      SDP_RETURN_IF_ERROR(advance());
    }
    const bool is_twice = has_before_ && compare_keys(Row::parse(before_, nullptr, false), found,
                                                      table_.key) == std::strong_ordering::equal;
    wrong(
        is_twice ? "row that is there twice, and the oracle tells once" : "row that the oracle does not tell",
        named(found));
    return {};
  }

  Result<void> advance() {
    has_before_ = has_row_;
    if (has_row_) std::swap(before_, line_);
    SDP_TRY(const auto row, file_.next_row());
    has_row_ = row.has_value();
    if (row) line_.assign(*row);
    return {};
  }

  /// The file's row, checked.
  Result<Row> parsed() {
    Row row = Row::parse(line_, nullptr, false);
    if (!row.is_array() || row.size() != table_.columns.size())
      return std::unexpected(file_.broken(
          fmt::format("a row of {} is an array of {} cells", table_.table, table_.columns.size())));
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (!fits(row[i], table_.types[i]) || (i < table_.key && row[i].is_null()))
        return std::unexpected(file_.broken(fmt::format("{} is no {}", table_.columns[i], table_.types[i])));
    }
    if (has_before_ &&
        compare_keys(Row::parse(before_, nullptr, false), row, table_.key) != std::strong_ordering::less)
      return std::unexpected(file_.broken("rows must come in ascending order of their key, each once"));
    return row;
  }

  static bool fits(const Row& cell, std::string_view type) {
    if (cell.is_null()) return true;
    if (type == "BIGINT") return cell.is_number_integer();
    if (type == "DOUBLE") return cell.is_number();
    if (type == "BOOLEAN") return cell.is_boolean();
    return cell.is_string();
  }

  void cells_of(const Row& told, const Row& found) {
    for (std::size_t i = table_.key; i < told.size(); ++i) {
      if (told[i] == found[i]) continue;
      wrong("cell that the oracle tells otherwise",
            fmt::format("{}: {}: expected {}, found {}", named(found), table_.columns[i], told[i].dump(),
                        found[i].dump()));
    }
  }

  void missing(const Row& told) { wrong("row that the oracle tells, and that is missing", named(told)); }

  /// A kind of its own for each mart, so that many offenders in one do not hide another.
  void wrong(std::string_view kind, std::string what) {
    findings_.item(Stage::marts, fmt::format("{}: {}", table_.table, kind), std::move(what));
  }

  /// `day "2026-02-15", song_id "3344..."`
  std::string named(const Row& row) const {
    std::string text;
    for (std::size_t i = 0; i < table_.key; ++i)
      fmt::format_to(std::back_inserter(text), "{}{} {}", i == 0 ? "" : ", ", table_.columns[i],
                     row[i].dump());
    return text.empty() ? "sum" : text;
  }

  OracleFile& file_;
  const OracleTable& table_;
  Findings& findings_;
  std::string text_;    ///< the mart's row
  std::string line_;    ///< the file's row
  std::string before_;  ///< the one before it
  bool has_row_ = false;
  bool has_before_ = false;
};

class OracleCheck {
 public:
  OracleCheck(const std::set<std::string>& marts, WarehouseShape& shape, warehouse::Warehouse& warehouse,
              Findings& findings)
      : marts_(marts), shape_(shape), warehouse_(warehouse), findings_(findings) {}

  Result<OracleReport> run(const std::filesystem::path& path) {
    report_.file = path;
    SDP_TRY(OracleFile file, OracleFile::open(path));
    SDP_RETURN_IF_ERROR(counts(file.counts()));
    for (;;) {
      SDP_TRY(const auto table, file.next_table());
      if (!table) break;
      if (!marts_.contains(table->table) && !shape_.has(table->table))
        return std::unexpected(file.broken(fmt::format("there is no mart {}", table->table)));
      if (!told_.insert(table->table).second)
        return std::unexpected(file.broken(fmt::format("{} comes a second time", table->table)));
      SDP_RETURN_IF_ERROR(one(file, *table));
    }
    if (file.was_changed()) {
      findings_.item(Stage::marts, "oracle that was changed after it was written",
                     "the digest of its end line is not that of the lines before it");
    }
    for (const auto& [table, columns] : shape_.tables) {
      if (table.starts_with("MART.") && !told_.contains(table))
        findings_.note(fmt::format("the oracle tells nothing of {}", table));
    }
    return report_;
  }

 private:
  Result<void> one(OracleFile& file, const OracleTable& table) {
    if (table.which == OracleRows::none) {
      findings_.note(fmt::format("the oracle tells nothing of {}", table.table));
      return {};
    }
    if (!shape_.usable(table.table)) {
      findings_.item(Stage::marts, "mart that the oracle tells, and that cannot be compared", table.table);
      return {};
    }
    for (const std::string& column : table.columns) {
      if (shape_.has_column(table.table, base::upper(column))) continue;
      findings_.item(Stage::marts, "mart that the oracle tells, and that cannot be compared",
                     fmt::format("{}: it has no column {}", table.table, column));
      return {};
    }
    SDP_RETURN_IF_ERROR(MartAgainstOracle(file, table, findings_).run(warehouse_, shape_));
    ++report_.marts;
    report_.rows += table.rows;
    report_.cells += table.rows * table.columns.size();
    return {};
  }

  Result<void> counts(const OracleCounts& told) {
    SDP_RETURN_IF_ERROR(kept(told));
    SDP_RETURN_IF_ERROR(duplicates(told));
    return rejected(told);
  }

  Result<void> rejected(const OracleCounts& told) {
    std::map<std::pair<std::string, std::string>, std::int64_t> more = {};
    for (const auto& [why, records] : told.rejected_for) more[why] -= static_cast<std::int64_t>(records);
    std::int64_t all = 0;
    SDP_RETURN_IF_ERROR(scan_table(
        warehouse_, shape_, kRejected,
        "SELECT reason, field, COUNT(*) FROM TRANSFORM.SPOTIFY_REJECTED GROUP BY reason, field",
        [&](warehouse::RowView row) {
          const std::int64_t records = integer_of(row[2]).value_or(0);
          more[{std::string(row[0].value_or("")), std::string(row[1].value_or(""))}] += records;
          all += records;
        },
        findings_));
    compare("rejected", told.rejected, all);
    if (!shape_.usable(kRejected)) return {};
    for (const auto& [why, records] : more) {
      if (records == 0) continue;
      const auto wanted = told.rejected_for.find(why);
      const auto expected = wanted == told.rejected_for.end() ? 0 : static_cast<std::int64_t>(wanted->second);
      differs(fmt::format("rejected for {}{}{}", why.first, why.second.empty() ? "" : " of ", why.second),
              expected, expected + records);
    }
    return {};
  }

  /// By type and in all, of one question.
  Result<void> kept(const OracleCounts& told) {
    std::map<std::string, std::int64_t> found;
    std::int64_t all = 0;
    SDP_RETURN_IF_ERROR(scan_table(
        warehouse_, shape_, kSilver,
        "SELECT event_type, COUNT(*) FROM TRANSFORM.SPOTIFY_SILVER GROUP BY event_type",
        [&](warehouse::RowView row) {
          all += found[std::string(row[0].value_or(""))] = integer_of(row[1]).value_or(0);
        },
        findings_));
    compare("kept", told.kept, all);
    if (!shape_.usable(kSilver)) return {};
    for (const auto& [type, events] : told.kept_by_type) {
      if (found[type] != static_cast<std::int64_t>(events))
        differs(fmt::format("kept of type {}", type), static_cast<std::int64_t>(events), found[type]);
    }
    return {};
  }

  Result<void> duplicates(const OracleCounts& told) {
    std::int64_t all = 0;
    SDP_RETURN_IF_ERROR(scan_table(
        warehouse_, shape_, kDuplicates, "SELECT COUNT(*) FROM TRANSFORM.SPOTIFY_DUPLICATES",
        [&](warehouse::RowView row) { all = integer_of(row[0]).value_or(0); }, findings_));
    compare("duplicates", told.duplicates, all);
    return {};
  }

  void compare(std::string_view what, std::uint64_t told, std::int64_t found) {
    const auto expected = static_cast<std::int64_t>(told);
    if (found != expected) differs(what, expected, found);
  }

  void differs(std::string_view what, std::int64_t expected, std::int64_t found) {
    findings_.item(Stage::silver, "count that the oracle tells otherwise",
                   fmt::format("{}: expected {}, found {}", what, expected, found));
  }

  const std::set<std::string>& marts_;
  WarehouseShape& shape_;
  warehouse::Warehouse& warehouse_;
  Findings& findings_;
  std::set<std::string> told_;
  OracleReport report_;
};

}  // namespace

Result<OracleReport> check_oracle(const std::filesystem::path& path, const std::set<std::string>& marts,
                                  WarehouseShape& shape, warehouse::Warehouse& warehouse,
                                  Findings& findings) {
  return OracleCheck(marts, shape, warehouse, findings).run(path);
}

}  // namespace sdp::verify
