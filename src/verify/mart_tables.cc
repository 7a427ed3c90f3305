#include "verify/mart_tables.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/text_table.h"
#include "verify/check_marts.h"
#include "verify/kept_parts.h"
#include "verify/table_rows.h"

namespace sdp::verify {
namespace {

constexpr std::string_view kMarts = "MART.";

void behind(Findings& findings, const std::string& table) {
  findings.pending_item(Stage::marts, "table as an earlier batch left it, while another is open", table);
}

Result<std::int64_t> row_count(warehouse::Warehouse& warehouse, WarehouseShape& shape,
                               const std::string& table, Findings& findings, std::string_view where = {}) {
  std::int64_t rows = 0;
  const std::string sql =
      fmt::format("SELECT COUNT(*) FROM {}{}{}", table, where.empty() ? "" : " WHERE ", where);
  SDP_RETURN_IF_ERROR(scan_table(
      warehouse, shape, table, sql, [&](warehouse::RowView row) { rows = integer_of(row[0]).value_or(0); },
      findings));
  return rows;
}

/// Names of a query's columns in upper case.
Result<std::vector<std::string>> columns_of(warehouse::Warehouse& warehouse, std::string_view from) {
  SDP_TRY(warehouse::Table table, warehouse.query(fmt::format("SELECT * FROM {} LIMIT 0", from)));
  for (std::string& column : table.columns) column = base::upper(column);
  return std::move(table.columns);
}

/// A query that gives a row for each row of a table that is not as often in it as it should be. Its columns:
/// how often it is missing (positive) or too much, then the columns as text.
std::string differences_sql(const MartRecount& recount, std::string_view query,
                            const std::vector<std::string>& columns) {
  std::vector<std::string> texts;
  for (const std::string& column : columns) texts.push_back(fmt::format("CAST({} AS VARCHAR)", column));
  // Zero and minus zero are equal, and are not shown alike.
  std::vector<std::string> groups = columns;
  for (const MartRecount::Column& column : recount.columns) {
    if (column.type == "DOUBLE" && column.not_proved.empty())
      groups.push_back(fmt::format("CAST({} AS VARCHAR)", column.name));
  }
  return fmt::format(
      "SELECT CAST(SUM(sdp_side) AS BIGINT), {texts} FROM (SELECT {names}, 1 AS sdp_side FROM {query} AS "
      "recounted UNION ALL SELECT {names}, -1 FROM {table}{where}) AS both_sides GROUP BY {groups} HAVING "
      "SUM(sdp_side) <> 0",
      fmt::arg("texts", fmt::join(texts, ", ")), fmt::arg("names", fmt::join(columns, ", ")),
      fmt::arg("groups", fmt::join(groups, ", ")), fmt::arg("query", query), fmt::arg("table", recount.table),
      fmt::arg("where", recount.where.empty() ? "" : " WHERE " + recount.where));
}

/// `SONG_DAILY DAY '2026-02-15', SONG_ID '3344...', EVENTS '12'`
std::string shown_row(std::string_view table, const std::vector<std::string>& columns,
                      warehouse::RowView row) {
  std::string text(table.substr(table.find('.') + 1));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    text += fmt::format("{} {} {}", i == 0 ? "" : ",", columns[i], shown(row[i + 1]));
  }
  return text;
}

Error in_recount(const MartRecount& recount, const Error& error) {
  return {error.kind, fmt::format("the recount {} of {}: {}", recount.path, recount.table, error.message)};
}

class MartComparison {
 public:
  MartComparison(const MartRecount& recount, const KeptParts& kept, WarehouseShape& shape,
                 std::span<const OpenBatch::State> states, warehouse::Warehouse& warehouse,
                 Findings& findings, Report& report)
      : recount_(recount),
        kept_(kept),
        shape_(shape),
        states_(states),
        warehouse_(warehouse),
        findings_(findings),
        report_(report) {}

  Result<void> run() {
    if (!shape_.usable(recount_.table)) return {};
    if (const auto broken = shape_.broken_in(recount_.sql); !broken.empty()) {
      findings_.item(
          Stage::marts, "table that cannot be counted again",
          fmt::format("{}: its recount reads {}, which is not as it must be", recount_.table, broken));
      return {};
    }
    const std::string query = spelled(kept_.in(in_parentheses(recount_.sql)));
    const std::vector<std::string> columns = recount_.counted();
    SDP_RETURN_IF_ERROR(gives(query, columns));
    Findings differences(findings_.named_max());
    auto compared = warehouse_.scan(differences_sql(recount_, query, columns), [&](warehouse::RowView row) {
      const bool missing = integer_of(row[0]).value_or(0) > 0;
      differences.item(Stage::marts,
                       missing ? "mart row that should be there" : "mart row that should not be there",
                       shown_row(recount_.table, columns, row));
      return Result<void>();
    });
    if (!compared) return failed(compared.error());
    SDP_RETURN_IF_ERROR(faults());
    if (!differences.empty()) {
      SDP_TRY(const bool is_behind, is_of_a_state(columns));
      if (is_behind) {
        behind(findings_, recount_.table);
        return {};
      }
      findings_.take(differences);
    }
    SDP_TRY(const std::int64_t rows,
            row_count(warehouse_, shape_, recount_.table, findings_, recount_.where));
    report_.stage(Stage::marts).records += static_cast<std::uint64_t>(rows);
    report_.stage(Stage::marts).groups += 1;
    report_.cells += static_cast<std::uint64_t>(rows) * columns.size();
    return {};
  }

 private:
  Result<bool> is_of_a_state(const std::vector<std::string>& columns) const {
    for (const OpenBatch::State& state : states_) {
      const auto then = OpenBatch::as_of(state, recount_.sql);
      if (!then) return false;
      const auto found =
          warehouse_.query(fmt::format("SELECT COUNT(*) FROM ({}) AS differences",
                                       differences_sql(recount_, spelled(in_parentheses(*then)), columns)));
      if (!found) return std::unexpected(in_recount(recount_, found.error()));
      if (found->rows.at(0).at(0) == "0") return true;
    }
    return false;
  }

  static std::string in_parentheses(std::string_view sql) { return fmt::format("({})", sql); }

  std::string spelled(std::string_view sql) const {
    return with_epoch_ms(sql, [&](std::string_view x) { return warehouse_.epoch_ms(x); });
  }

  /// The query's columns are those that the recount declares.
  Result<void> gives(const std::string& query, std::vector<std::string> declared) {
    auto given = columns_of(warehouse_, query + " AS recounted");
    if (!given) return std::unexpected(in_recount(recount_, given.error()));
    std::ranges::sort(*given);
    std::ranges::sort(declared);
    if (*given == declared) return {};
    return std::unexpected(in_recount(
        recount_,
        {ErrorKind::misconfigured, fmt::format("its query gives {}, its first lines declare {}",
                                               fmt::join(*given, ", "), fmt::join(declared, ", "))}));
  }

  Result<void> faults() {
    if (recount_.faults.empty()) return {};
    const std::string query = spelled(kept_.in(in_parentheses(recount_.faults)));
    const auto columns = columns_of(warehouse_, query + " AS faults");
    if (!columns) return std::unexpected(in_recount(recount_, columns.error()));
    auto looked =
        warehouse_.scan(fmt::format("SELECT * FROM {} AS faults", query), [&](warehouse::RowView row) {
          const std::vector<std::string> shown_columns(columns->begin() + 1, columns->end());
          findings_.item(
              Stage::marts, "mart row that cannot be",
              fmt::format("{}: {}", shown_row(recount_.table, shown_columns, row), row[0].value_or("")));
          return Result<void>();
        });
    return looked ? Result<void>() : failed(looked.error());
  }

  /// A query that was accepted and fails on the rows has met values that no column of its type can hold.
  Result<void> failed(const Error& error) {
    if (!is_about_the_table(error)) return std::unexpected(in_recount(recount_, error));
    findings_.item(Stage::marts, "table that cannot be counted again",
                   fmt::format("{}: {}", recount_.table, error.message));
    return {};
  }

  const MartRecount& recount_;
  const KeptParts& kept_;
  WarehouseShape& shape_;
  std::span<const OpenBatch::State> states_;
  warehouse::Warehouse& warehouse_;
  Findings& findings_;
  Report& report_;
};

/// The same of a mart that is counted from the lake's lines.
Result<MartCounts> check_lake_mart(const std::string& table, Recount& recount, LakeView& lake,
                                   std::span<const OpenBatch::State> states, WarehouseShape& shape,
                                   warehouse::Warehouse& warehouse, Findings& findings) {
  Findings differences(findings.named_max());
  SDP_TRY(const MartCounts counts, check_mart(table, recount, shape, warehouse, differences));
  for (const OpenBatch::State& state : states) {
    if (differences.empty() || !shape.usable(table)) break;
    Findings then(0);
    Recount before(lake, state.has, kDuplicateBefore);
    SDP_RETURN_IF_ERROR(check_mart(table, before, shape, warehouse, then));
    if (!then.empty()) continue;
    behind(findings, table);
    return MartCounts{};
  }
  findings.take(differences);
  return counts;
}

std::string rows_of(std::int64_t count) {
  return base::plural(static_cast<std::uint64_t>(count), "row");
}

/// Compares how many rows a mart has with how many it had when the last batch closed.
Result<void> check_size(const std::string& mart, std::int64_t had, const Recounts& recounts,
                        WarehouseShape& shape, warehouse::Warehouse& warehouse, Findings& findings) {
  SDP_TRY(const std::int64_t has, row_count(warehouse, shape, mart, findings));
  if (has == had || !shape.usable(mart)) return {};
  const auto recount = recounts.find(mart);
  const bool keeps_history = recount != recounts.end() && !recount->second.where.empty();
  if (has == 0) {
    findings.item(Stage::marts, "emptied mart",
                  fmt::format("{} had {} when the last batch closed", mart, rows_of(had)));
  } else if (keeps_history && has < had) {
    findings.item(Stage::marts, "mart that lost rows",
                  fmt::format("{} has {} and had {} when the last batch closed", mart, rows_of(has), had));
  } else {
    // A batch that is not closed yet may have changed it.
    findings.pending_item(Stage::marts, "mart of another size than when the last batch closed",
                          fmt::format("{} has {} instead of {}", mart, rows_of(has), had));
  }
  return {};
}

}  // namespace

Result<Recounts> read_recounts_by_table(const std::filesystem::path& folder) {
  Recounts recounts;
  if (folder.empty()) return recounts;
  SDP_TRY(auto declared, read_recounts(folder));
  for (MartRecount& recount : declared) recounts.emplace(recount.table, std::move(recount));
  return recounts;
}

Result<void> check_catalogue(WarehouseShape& shape, const ClosedParts& parts, const Recounts& recounts,
                             warehouse::Warehouse& warehouse, Findings& findings) {
  // What this project counts must be there, whatever dbt noted.
  std::set<std::string> known(kCountedFromLake.begin(), kCountedFromLake.end());
  for (const auto& [table, recount] : recounts) {
    if (table.starts_with(kMarts)) known.insert(table);
  }
  for (const std::string& mart : known) {
    if (parts.marts.contains(mart) || shape.has(mart)) continue;
    // Every version has made these two.
    if (shape.has_closed && is_counted_from_lake(mart)) {
      findings.item(Stage::marts, "missing mart", mart);
    } else {
      findings.pending_item(Stage::marts, "mart not made yet", mart);
    }
  }
  if (!parts.closed()) {
    findings.note(
        "TRANSFORM.TRANSFORM_PARTS does not say which marts there must be: run `spotify-pipeline transform`");
    return {};
  }
  for (const auto& [mart, rows] : parts.marts) {
    if (shape.has(mart)) {
      SDP_RETURN_IF_ERROR(check_size(mart, rows, recounts, shape, warehouse, findings));
    } else {
      findings.item(Stage::marts, "missing mart", mart);
    }
  }
  for (const auto& [table, columns] : shape.tables) {
    if (!table.starts_with(kMarts) || parts.marts.contains(table)) continue;
    if (parts.open && known.contains(table)) {
      findings.pending_item(Stage::marts, "mart of a batch that is not closed", table);
    } else {
      findings.item(Stage::marts, "table of schema MART that the last closed batch did not make", table);
    }
  }
  return {};
}

Result<void> check_marts(WarehouseShape& shape, const Recounts& recounts, bool derived, Recount& recount,
                         LakeView& lake, std::span<const OpenBatch::State> states,
                         warehouse::Warehouse& warehouse, Findings& findings, Report& report) {
  std::size_t left_out = 0;
  std::vector<std::string> tables;
  for (const auto& [table, columns] : shape.tables) {
    if (table.starts_with(kMarts) || recounts.contains(table)) tables.push_back(table);
  }
  std::vector<const MartRecount*> compared;
  for (const auto& [table, declared] : recounts) {
    if (derived && shape.usable(table)) compared.push_back(&declared);
  }
  const KeptParts kept = KeptParts::keep(compared, shape, warehouse);
  for (const std::string& table : tables) {
    const auto declared = recounts.find(table);
    if (is_counted_from_lake(table)) {
      SDP_TRY(const MartCounts counts,
              check_lake_mart(table, recount, lake, states, shape, warehouse, findings));
      report.stage(Stage::marts).records += counts.rows;
      report.stage(Stage::marts).groups += shape.usable(table) ? 1 : 0;
      report.cells += counts.cells;
    } else if (!derived) {
      ++left_out;
    } else if (declared != recounts.end()) {
      SDP_RETURN_IF_ERROR(
          MartComparison(declared->second, kept, shape, states, warehouse, findings, report).run());
    } else {
      report.exceptions.push_back(table + " (no recount)");
    }
  }
  if (left_out > 0) {
    findings.note(
        fmt::format("{} tables that are counted from silver were not looked at; the command `verify` looks "
                    "at them",
                    left_out));
  }
  return {};
}

}  // namespace sdp::verify
