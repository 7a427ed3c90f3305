#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "transform/run_results.h"

namespace sdp::snapshot {

// What people look at, as the warehouse was at one moment. Plain values: take.h fills them, snapshot_json.h
// writes them, src/report makes a page of them (docs/formats/snapshot.md).

/// How the cells of a column are to be read.
enum class Kind : std::uint8_t { text, number, boolean, date, time };

/// A value that is frequent in a column.
struct TopValue {
  std::string value;
  std::uint64_t rows = 0;
};

/// Rows whose number lies in [from, to); in the last bin, in [from, to].
struct Bin {
  double from = 0;
  double to = 0;
  std::uint64_t rows = 0;
};

/// What the rows of a whole mart have in one column.
struct Profile {
  std::uint64_t nulls = 0;
  std::uint64_t distinct = 0;      ///< different values, NULL not counted
  std::optional<std::string> min;  ///< nothing without a value
  std::optional<std::string> max;
  std::vector<TopValue> top;   ///< the most frequent first
  std::vector<Bin> histogram;  ///< of numbers that differ
};

struct Column {
  std::string name;  ///< upper case
  std::string type;  ///< as the warehouse's catalogue names it
  Kind kind = Kind::text;
  std::string description;
  Profile profile;
};

/// A cell as text; nothing for NULL. Times are `2026-02-15T17:52:36.123Z`, dates `2026-02-15`.
using Cell = std::optional<std::string>;

struct Mart {
  std::string name;  ///< upper case, without schema
  std::string description;
  std::string sql;       ///< what a person types to see these rows
  std::string order_by;  ///< SQL behind ORDER BY
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  ///< the first in that order, as many as the limits let in
  std::uint64_t rows_total = 0;
  std::uint64_t cells_cut = 0;  ///< cells that are longer than is kept; they end in an ellipsis
  double query_ms = 0;          ///< what asking for the rows took
};

/// How new the marts are. Nothing where there is nothing yet.
struct Freshness {
  std::optional<std::string> as_of;          ///< when the last batch was closed
  std::optional<std::string> newest_event;   ///< latest event time that the marts count
  std::optional<std::string> newest_record;  ///< latest broker timestamp in the ledger
  std::optional<std::string> loaded_at;      ///< when the last object was loaded
};

/// How long records of the newest batch took to come to a stage, from the time that they have in the log:
/// half of them no longer than `p50`, 99 of 100 no longer than `p99`.
struct Delay {
  std::string to;  ///< `bronze`, `marts`, `published`
  double p50 = 0;  ///< seconds
  double p99 = 0;  ///< seconds
};

/// What became of the records: sums over MART.PIPELINE_HOURS.
struct Completeness {
  std::uint64_t hours = 0;
  std::uint64_t hours_incomplete = 0;
  std::uint64_t records_expected = 0;
  std::uint64_t records = 0;
  std::uint64_t kept = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t rejected_by_sink = 0;
  std::uint64_t rejected_by_silver = 0;
};

struct LedgerRow {
  std::string object_key;
  std::string topic;
  std::uint64_t partition = 0;
  std::uint64_t first_offset = 0;
  std::uint64_t last_offset = 0;
  std::uint64_t records = 0;
  std::uint64_t rejected = 0;
  std::string loaded_at;
};

/// The load ledger: totals, and its last rows.
struct Ledger {
  std::uint64_t objects = 0;
  std::uint64_t records = 0;
  std::uint64_t rejected = 0;
  std::vector<LedgerRow> tail;  ///< the latest first
};

/// Rows that are rejected for one reason and field. A row that breaks several rules is in several of these.
struct RejectedReason {
  std::string reason;
  std::string field;        ///< empty when it is about the whole record
  std::string rejected_by;  ///< `sink` or `silver`
  std::uint64_t events = 0;
  std::string sample;  ///< TOPIC/PARTITION/OFFSET of the first one
};

/// What verify said of a snapshot, from proof.json beside it.
struct ProofStage {
  std::string stage;
  bool looked_at = false;
  std::uint64_t records = 0;
  std::uint64_t groups = 0;
  std::string groups_are;  ///< `chains`, `objects`, `tables`
  std::uint64_t pending = 0;
  std::uint64_t problems = 0;
};

struct ProofFinding {
  std::string stage;
  std::string kind;
  bool pending = false;
  std::uint64_t total = 0;
  std::vector<std::string> named;
};

struct Proof {
  std::string snapshot;  ///< id of the snapshot that it is about
  std::string at;
  bool proved = false;
  std::string verdict;  ///< one line
  std::vector<ProofStage> stages;
  std::vector<ProofFinding> findings;
  std::vector<std::string> notes;
};

struct Snapshot {
  std::string id;         ///< empty as long as it is not published
  std::string taken_at;   ///< ISO 8601, UTC
  std::string warehouse;  ///< which one, for people
  std::string writer;     ///< program and version
  std::string state;      ///< digest of what it depends on: two snapshots of one state are equal
  Freshness freshness;
  std::vector<Delay> delays;  ///< empty where no record of the newest batch has a time
  Completeness completeness;
  Ledger ledger;
  std::vector<RejectedReason> rejected;
  std::uint64_t rejected_events = 0;  ///< each once
  std::optional<transform::BuildResults> dbt;
  /// Of the snapshot before this one; that of this one comes later, beside it.
  std::optional<Proof> last_proof;
  std::vector<Mart> marts;  ///< by name

  /// Nothing when there is no such mart.
  const Mart* find(std::string_view name) const;
};

/// What a snapshot may hold. Whatever is left out is counted.
struct Limits {
  /// A mart. Four weeks of hours, in five countries and on three devices, are 10,095 rows when they begin
  /// within an hour: what `run` makes unless it is told otherwise is published whole.
  std::size_t rows = 12'000;
  std::size_t cell_bytes = 1'000;                 ///< a cell
  std::size_t mart_bytes = std::size_t{8} << 20;  ///< all cells of a mart
  std::size_t ledger_rows = 200;
  std::size_t batch_objects = 10'000;  ///< of the newest batch, whose delays are told
  std::size_t rejected_reasons = 200;
};

inline constexpr std::size_t kTopValues = 5;
inline constexpr std::size_t kBins = 12;

}  // namespace sdp::snapshot
