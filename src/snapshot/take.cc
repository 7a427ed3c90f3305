#include "snapshot/take.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <set>
#include <utility>

#include "base/ascii.h"
#include "base/sha256.h"
#include "base/utc_time.h"
#include "snapshot/delays.h"
#include "snapshot/mart_query.h"

namespace sdp::snapshot {
namespace {

/// A state of another version of what is persisted is another state.
constexpr std::string_view kStateVersion = "snapshot 1";

std::int64_t number_of(const std::optional<std::string>& text) {
  std::int64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

/// Every column of every table in MART, in order; information_schema has other databases of the session, too.
Result<base::TextTable> read_catalogue(warehouse::Warehouse& warehouse) {
  SDP_TRY(auto table,
          warehouse.query("SELECT table_name, column_name, data_type FROM information_schema.columns WHERE "
                          "upper(table_schema) = 'MART' AND upper(table_catalog) = upper(current_database()) "
                          "ORDER BY table_name, ordinal_position"));
  // What dbt makes on its way, and leaves when it is killed, is not a mart.
  std::erase_if(table.rows,
                [](const auto& row) { return base::upper(row.at(0).value_or("")).contains("__DBT_"); });
  if (!table.rows.empty()) return table;
  return fail(ErrorKind::misconfigured,
              fmt::format("{}: there are no marts yet; run `transform` first", warehouse.describe()));
}

class Taking {
 public:
  Taking(warehouse::Warehouse& warehouse, const Sources& sources, const Limits& limits, Clock& clock)
      : warehouse_(warehouse), sources_(sources), limits_(limits), clock_(clock) {}

  Result<Snapshot> run() {
    snapshot_.taken_at = base::format_iso(clock_.utc_now());
    snapshot_.warehouse = warehouse_.describe();
    snapshot_.writer = sources_.writer;
    snapshot_.dbt = sources_.dbt;
    SDP_RETURN_IF_ERROR(list_marts());
    for (Mart& mart : snapshot_.marts) SDP_RETURN_IF_ERROR(read_mart(mart));
    SDP_RETURN_IF_ERROR(read_ledger());
    SDP_RETURN_IF_ERROR(read_freshness());
    SDP_RETURN_IF_ERROR(read_delays());
    if (snapshot_.find("PIPELINE_HOURS") != nullptr) SDP_RETURN_IF_ERROR(read_completeness());
    return std::move(snapshot_);
  }

 private:
  std::string ms(std::string_view column) const { return warehouse_.epoch_ms(column); }

  Result<void> list_marts() {
    SDP_TRY(const auto catalogue, read_catalogue(warehouse_));
    for (const auto& row : catalogue.rows) {
      const std::string name = base::upper(row.at(0).value_or(""));
      if (snapshot_.marts.empty() || snapshot_.marts.back().name != name) {
        snapshot_.marts.emplace_back().name = name;
      }
      const std::string type = row.at(2).value_or("");
      snapshot_.marts.back().columns.push_back({.name = base::upper(row.at(1).value_or("")),
                                                .type = type,
                                                .kind = kind_of(type),
                                                .description = {},
                                                .profile = {}});
    }
    for (Mart& mart : snapshot_.marts) describe(mart);
    return {};
  }

  /// What the project says of it, as far as it is known here.
  void describe(Mart& mart) const {
    const auto found = sources_.manifest.find("MART." + mart.name);
    const transform::ModelWords words =
        found == sources_.manifest.end() ? transform::ModelWords{} : found->second;
    mart.description = words.description;
    mart.order_by = words.order_by.empty() ? order_by_columns(mart.columns) : words.order_by;
    mart.sql = fmt::format("SELECT * FROM SPOTIFY_DB.MART.{} ORDER BY {};", mart.name, mart.order_by);
    for (Column& column : mart.columns) {
      const auto text = words.columns.find(column.name);
      if (text != words.columns.end()) column.description = text->second;
    }
  }

  Result<void> read_mart(Mart& mart) {
    const EpochMs epoch_ms = [this](std::string_view column) { return ms(column); };
    const SteadyTime started = clock_.steady_now();
    std::size_t bytes = 0;
    bool is_full = false;
    auto rows =
        warehouse_.scan(rows_sql(mart, limits_.rows, epoch_ms), [&](warehouse::RowView row) -> Result<void> {
          if (is_full) return {};
          std::vector<Cell> cells(row.size());
          for (std::size_t at = 0; at < row.size(); ++at) {
            if (!row[at]) continue;
            bool cut = false;
            cells[at] = kept_cell(*row[at], mart.columns.at(at).kind, limits_.cell_bytes, cut);
            mart.cells_cut += cut ? 1 : 0;
            bytes += cells[at]->size();
          }
          is_full = bytes > limits_.mart_bytes;
          if (!is_full) mart.rows.push_back(std::move(cells));
          return {};
        });
    if (!rows) return failed(mart, rows.error());
    mart.query_ms = std::chrono::duration<double, std::milli>(clock_.steady_now() - started).count();
    // What came whole and is fewer than was asked for is all.
    if (!is_full && mart.cells_cut == 0 && mart.rows.size() < limits_.rows) {
      profile_rows(mart);
      return {};
    }
    auto profile = warehouse_.query(profile_sql(mart, epoch_ms));
    if (!profile) return failed(mart, profile.error());
    read_profile(*profile, mart);
    return {};
  }

  static Result<void> failed(const Mart& mart, const Error& error) {
    return std::unexpected(
        error.in(fmt::format("reading MART.{} by {} (its order is config.meta.order_by in the dbt project)",
                             mart.name, mart.order_by)));
  }

  Result<void> read_ledger() {
    SDP_TRY(const auto totals,
            warehouse_.query("SELECT COUNT(*), COALESCE(SUM(records), 0), COALESCE(SUM(rejected), 0) FROM "
                             "BRONZE.LOAD_LEDGER"));
    Ledger& ledger = snapshot_.ledger;
    ledger.objects = count_of(totals.rows.at(0).at(0));
    ledger.records = count_of(totals.rows.at(0).at(1));
    ledger.rejected = count_of(totals.rows.at(0).at(2));
    SDP_TRY(const auto tail,
            warehouse_.query(
                fmt::format("SELECT object_key, topic, kafka_partition, first_offset, last_offset, records, "
                            "rejected, {} FROM BRONZE.LOAD_LEDGER ORDER BY loaded_at DESC, last_timestamp "
                            "DESC, object_key DESC LIMIT {}",
                            ms("loaded_at"), limits_.ledger_rows)));
    for (const auto& row : tail.rows) {
      ledger.tail.push_back({.object_key = text(row.at(0)),
                             .topic = text(row.at(1)),
                             .partition = count_of(row.at(2)),
                             .first_offset = count_of(row.at(3)),
                             .last_offset = count_of(row.at(4)),
                             .records = count_of(row.at(5)),
                             .rejected = count_of(row.at(6)),
                             .loaded_at = time(row.at(7)).value_or("")});
    }
    return {};
  }

  /// The latest event ended a session: every kept event is in one.
  Result<void> read_freshness() {
    const bool has_sessions = snapshot_.find("LISTENER_SESSIONS") != nullptr;
    SDP_TRY(
        const auto answer,
        warehouse_.query(fmt::format(
            "SELECT (SELECT {} FROM TRANSFORM.TRANSFORM_LEDGER), {}, (SELECT {} FROM BRONZE.LOAD_LEDGER), "
            "(SELECT {} FROM BRONZE.LOAD_LEDGER)",
            ms("MAX(transformed_at)"),
            has_sessions ? fmt::format("(SELECT {} FROM MART.LISTENER_SESSIONS)", ms("MAX(ended_at)"))
                         : "NULL",
            ms("MAX(last_timestamp)"), ms("MAX(loaded_at)"))));
    const auto& row = answer.rows.at(0);
    snapshot_.freshness = {.as_of = time(row.at(0)),
                           .newest_event = time(row.at(1)),
                           .newest_record = time(row.at(2)),
                           .loaded_at = time(row.at(3))};
    return {};
  }

  /// Of the newest batch alone: when earlier ones were first published is not known any more.
  Result<void> read_delays() {
    SDP_TRY(
        const auto newest,
        warehouse_.query(fmt::format(
            "SELECT b.records, {}, {}, {}, {} FROM BRONZE.LOAD_LEDGER b JOIN TRANSFORM.TRANSFORM_LEDGER t "
            "ON t.object_key = b.object_key WHERE t.transformed_at = (SELECT MAX(transformed_at) FROM "
            "TRANSFORM.TRANSFORM_LEDGER) ORDER BY b.loaded_at DESC, b.object_key LIMIT {}",
            ms("b.first_timestamp"), ms("b.last_timestamp"), ms("b.loaded_at"), ms("t.transformed_at"),
            limits_.batch_objects)));
    std::vector<BatchObject> objects;
    for (const auto& row : newest.rows) {
      objects.push_back({.records = count_of(row.at(0)),
                         .first_ms = number_of(row.at(1)),
                         .last_ms = number_of(row.at(2)),
                         .loaded_ms = number_of(row.at(3)),
                         .transformed_ms = number_of(row.at(4))});
    }
    const auto published = base::parse_iso(snapshot_.taken_at);
    if (published) snapshot_.delays = delays_of(objects, published->time_since_epoch().count());
    return {};
  }

  Result<void> read_completeness() {
    SDP_TRY(const auto answer,
            warehouse_.query(
                "SELECT COUNT(*), COUNT(CASE WHEN NOT is_complete THEN 1 END), SUM(records_expected), "
                "SUM(records), SUM(kept), SUM(duplicates), SUM(rejected_by_sink), "
                "SUM(rejected_by_silver) FROM MART.PIPELINE_HOURS"));
    const auto& row = answer.rows.at(0);
    snapshot_.completeness = {.hours = count_of(row.at(0)),
                              .hours_incomplete = count_of(row.at(1)),
                              .records_expected = count_of(row.at(2)),
                              .records = count_of(row.at(3)),
                              .kept = count_of(row.at(4)),
                              .duplicates = count_of(row.at(5)),
                              .rejected_by_sink = count_of(row.at(6)),
                              .rejected_by_silver = count_of(row.at(7))};
    return {};
  }

  std::string text(const std::optional<std::string>& cell) const {
    return cut_text(cell.value_or(""), limits_.cell_bytes);
  }

  Cell time(const std::optional<std::string>& cell) const {
    bool cut = false;
    if (!cell) return std::nullopt;
    return kept_cell(*cell, Kind::time, limits_.cell_bytes, cut);
  }

  warehouse::Warehouse& warehouse_;
  const Sources& sources_;
  const Limits& limits_;
  Clock& clock_;
  Snapshot snapshot_;
};

}  // namespace

const Mart* Snapshot::find(std::string_view name) const {
  const auto found = std::ranges::find(marts, name, &Mart::name);
  return found == marts.end() ? nullptr : &*found;
}

Result<std::string> read_state(warehouse::Warehouse& warehouse, const Sources& sources) {
  std::string all(kStateVersion);
  const auto add = [&](const base::TextTable& table) {
    for (const auto& row : table.rows) {
      all += '\n';
      for (const auto& cell : row) all += cell ? fmt::format("{}:{},", cell->size(), *cell) : "null,";
    }
  };
  SDP_TRY(const auto catalogue, read_catalogue(warehouse));
  add(catalogue);
  SDP_TRY(const auto ledger,
          warehouse.query(fmt::format("SELECT COUNT(*), SUM(records), {} FROM TRANSFORM.TRANSFORM_LEDGER",
                                      warehouse.epoch_ms("MAX(transformed_at)"))));
  add(ledger);
  // Not when it was closed: a build that finds nothing new closes an empty batch.
  SDP_TRY(const auto parts, warehouse.query("SELECT kind, name, definition, row_count FROM "
                                            "TRANSFORM.TRANSFORM_PARTS ORDER BY kind, name"));
  add(parts);
  for (const auto& [table, words] : sources.manifest)
    all += fmt::format("\n{} {} {}", table, words.checksum, words.order_by);
  return base::sha256_hex(all);
}

Result<Snapshot> take(warehouse::Warehouse& warehouse, const Sources& sources, const Limits& limits,
                      Clock& clock) {
  return Taking(warehouse, sources, limits, clock).run();
}

}  // namespace sdp::snapshot
