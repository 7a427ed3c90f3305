#include "verify/mart_tables.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "verify/check_marts.h"
#include "verify/table_rows.h"

namespace sdp::verify {
namespace {

constexpr std::string_view kParts = "TRANSFORM.TRANSFORM_PARTS";
constexpr std::string_view kSchema = "MART.";

Result<std::map<std::string, std::int64_t>> marts_of_the_closed_batch(warehouse::Warehouse& warehouse) {
  std::map<std::string, std::int64_t> marts;
  SDP_RETURN_IF_ERROR(warehouse.scan(
      fmt::format("SELECT name, row_count FROM {} WHERE kind = 'mart'", kParts), [&](warehouse::RowView row) {
        marts[std::string(row[0].value_or(""))] = integer_of(row[1]).value_or(0);
        return Result<void>();
      }));
  return marts;
}

Result<std::int64_t> row_count(warehouse::Warehouse& warehouse, std::string_view mart,
                               std::string_view where = {}) {
  std::int64_t rows = 0;
  const std::string sql =
      fmt::format("SELECT COUNT(*) FROM {}{}{}", mart, where.empty() ? "" : " WHERE ", where);
  SDP_RETURN_IF_ERROR(warehouse.scan(sql, [&](warehouse::RowView row) {
    rows = integer_of(row[0]).value_or(0);
    return Result<void>();
  }));
  return rows;
}

/// Names of a query's columns in upper case.
Result<std::vector<std::string>> columns_of(warehouse::Warehouse& warehouse, std::string_view from) {
  SDP_TRY(warehouse::Table table, warehouse.query(fmt::format("SELECT * FROM {} LIMIT 0", from)));
  for (std::string& column : table.columns) {
    std::ranges::transform(column, column.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  }
  return std::move(table.columns);
}

bool contains(const std::vector<std::string>& columns, const std::string& column) {
  return std::ranges::find(columns, column) != columns.end();
}

/// A query that gives a row for each row of a mart that is not as often in it as it should be. Its columns:
/// how often it is missing (positive) or too much, then the columns as text.
std::string differences_sql(const MartRecount& recount, std::string_view query,
                            const std::vector<std::string>& columns) {
  std::vector<std::string> texts;
  for (const std::string& column : columns) texts.push_back(fmt::format("CAST({} AS VARCHAR)", column));
  return fmt::format(
      "SELECT CAST(SUM(sdp_side) AS BIGINT), {texts} FROM (SELECT {names}, 1 AS sdp_side FROM {query} AS "
      "recounted UNION ALL SELECT {names}, -1 FROM {mart}{where}) AS both_sides GROUP BY {names} HAVING "
      "SUM(sdp_side) <> 0",
      fmt::arg("texts", fmt::join(texts, ", ")), fmt::arg("names", fmt::join(columns, ", ")),
      fmt::arg("query", query), fmt::arg("mart", recount.mart),
      fmt::arg("where", recount.where.empty() ? "" : " WHERE " + recount.where));
}

/// `SONG_DAILY DAY '2026-02-15', SONG_ID '3344...', EVENTS '12'`
std::string shown_row(std::string_view mart, const std::vector<std::string>& columns,
                      warehouse::RowView row) {
  std::string text(mart.substr(kSchema.size()));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    text += fmt::format("{} {} {}", i == 0 ? "" : ",", columns[i], shown(row[i + 1]));
  }
  return text;
}

Error in_recount(const MartRecount& recount, const Error& error) {
  return {error.kind, fmt::format("the recount {} of {}: {}", recount.path, recount.mart, error.message)};
}

class MartComparison {
 public:
  MartComparison(const MartRecount& recount, warehouse::Warehouse& warehouse, Findings& findings,
                 Report& report)
      : recount_(recount), warehouse_(warehouse), findings_(findings), report_(report) {}

  Result<void> run() {
    const std::string query =
        "(" + with_epoch_ms(recount_.sql, [&](std::string_view x) { return warehouse_.epoch_ms(x); }) + ")";
    auto wanted = columns_of(warehouse_, query + " AS recounted");
    if (!wanted) return std::unexpected(in_recount(recount_, wanted.error()));
    SDP_TRY(const auto found, columns_of(warehouse_, recount_.mart));
    if (!columns_are_there(*wanted, found)) return {};
    name_columns_without_recount(*wanted, found);
    auto compared = warehouse_.scan(differences_sql(recount_, query, *wanted), [&](warehouse::RowView row) {
      const bool missing = integer_of(row[0]).value_or(0) > 0;
      findings_.item(Stage::marts,
                     missing ? "mart row that should be there" : "mart row that should not be there",
                     shown_row(recount_.mart, *wanted, row));
      return Result<void>();
    });
    if (!compared) return std::unexpected(in_recount(recount_, compared.error()));
    SDP_TRY(const std::int64_t rows, row_count(warehouse_, recount_.mart, recount_.where));
    report_.stage(Stage::marts).records += static_cast<std::uint64_t>(rows);
    report_.stage(Stage::marts).groups += 1;
    report_.cells += static_cast<std::uint64_t>(rows) * wanted->size();
    return {};
  }

 private:
  bool columns_are_there(const std::vector<std::string>& wanted, const std::vector<std::string>& found) {
    bool all = true;
    for (const std::string& column : wanted) {
      if (contains(found, column)) continue;
      findings_.item(Stage::marts, "missing mart column", fmt::format("{}.{}", recount_.mart, column));
      all = false;
    }
    return all;
  }

  void name_columns_without_recount(const std::vector<std::string>& wanted,
                                    const std::vector<std::string>& found) {
    for (const std::string& column : found) {
      if (contains(wanted, column) || contains(recount_.but_for, column)) continue;
      report_.exceptions.push_back(fmt::format("{}.{} (no recount)", recount_.mart, column));
    }
    if (recount_.but_for.empty()) return;
    findings_.note(fmt::format("{} is compared {}{}without {}", recount_.mart,
                               recount_.where.empty() ? "" : "where " + recount_.where + ", ",
                               recount_.where.empty() ? "" : "and ", fmt::join(recount_.but_for, ", ")));
  }

  const MartRecount& recount_;
  warehouse::Warehouse& warehouse_;
  Findings& findings_;
  Report& report_;
};

}  // namespace

Result<MartTables> read_mart_tables(warehouse::Warehouse& warehouse, const std::set<std::string>& present,
                                    const std::filesystem::path& recounts) {
  MartTables marts;
  for (const std::string& table : present) {
    if (table.starts_with(kSchema)) marts.present.insert(table);
  }
  if (present.contains(std::string(kParts))) {
    SDP_TRY(auto closed, marts_of_the_closed_batch(warehouse));
    if (!closed.empty()) marts.closed = std::move(closed);
  }
  if (recounts.empty()) return marts;
  SDP_TRY(auto declared, read_recounts(recounts));
  for (MartRecount& recount : declared) marts.recounts.emplace(recount.mart, std::move(recount));
  return marts;
}

Result<void> check_catalogue(const MartTables& marts, warehouse::Warehouse& warehouse, Findings& findings) {
  // What this project counts must be there, whatever dbt noted.
  std::set<std::string> known(kCountedFromLake.begin(), kCountedFromLake.end());
  for (const auto& [mart, recount] : marts.recounts) known.insert(mart);
  for (const std::string& mart : known) {
    const bool noted = marts.closed && marts.closed->contains(mart);
    if (!noted && !marts.present.contains(mart))
      findings.pending_item(Stage::marts, "mart not made yet", mart);
  }
  if (!marts.closed) {
    findings.note(
        fmt::format("{} does not say which marts there must be: run `spotify-pipeline transform`", kParts));
    return {};
  }
  for (const auto& [mart, rows] : *marts.closed) {
    if (!marts.present.contains(mart)) {
      findings.item(Stage::marts, "missing mart", mart);
      continue;
    }
    SDP_TRY(const std::int64_t found, row_count(warehouse, mart));
    if (found == 0 && rows > 0) {
      findings.item(Stage::marts, "emptied mart",
                    fmt::format("{} had {} rows when the last batch closed", mart, rows));
    }
  }
  for (const std::string& table : marts.present) {
    if (!marts.closed->contains(table)) {
      findings.item(Stage::marts, "table of schema MART that the last closed batch did not make", table);
    }
  }
  return {};
}

Result<void> check_marts(const MartTables& marts, bool derived, Recount& lake,
                         warehouse::Warehouse& warehouse, Findings& findings, Report& report) {
  std::size_t left_out = 0;
  for (const std::string& mart : marts.present) {
    if (is_counted_from_lake(mart)) {
      SDP_TRY(const MartCounts counts, check_mart(mart, lake, warehouse, findings));
      report.stage(Stage::marts).records += counts.rows;
      report.stage(Stage::marts).groups += 1;
      report.cells += counts.cells;
    } else if (!derived) {
      ++left_out;
    } else if (const auto recount = marts.recounts.find(mart); recount != marts.recounts.end()) {
      SDP_RETURN_IF_ERROR(MartComparison(recount->second, warehouse, findings, report).run());
    } else {
      report.exceptions.push_back(mart + " (no recount)");
    }
  }
  if (left_out > 0) {
    findings.note(
        fmt::format("{} marts that are counted from silver were not looked at: `spotify-pipeline "
                    "verify` does",
                    left_out));
  }
  return {};
}

}  // namespace sdp::verify
