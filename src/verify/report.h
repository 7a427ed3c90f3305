#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "verify/findings.h"
#include "verify/proof_list.h"

namespace sdp::verify {

/// One line of the report's table.
struct StageReport {
  bool looked_at = false;
  std::uint64_t records = 0;  ///< records, lines or rows
  std::uint64_t groups =
      0;  ///< chains of the log, objects of the lake and of bronze, tables of silver and marts
  std::uint64_t problems = 0;  ///< offsets and things that are wrong
  std::uint64_t pending = 0;   ///< offsets that the stage has not come to
};

/// What was compared with an oracle.
struct OracleReport {
  std::string file;
  std::uint64_t marts = 0;
  std::uint64_t rows = 0;  ///< that it tells
  std::uint64_t cells = 0;
};

/// What verify found. Findings name the first offenders of each kind and count all.
struct Report {
  std::array<StageReport, kStages.size()> stages;
  std::vector<Finding> findings;
  std::vector<std::string> notes;
  /// What stands in a mart and was compared with nothing: `MART.X (no recount)`; and offsets that are lost
  /// with an object that is ignored.
  std::vector<std::string> exceptions;
  /// What is proved and what is not, table by table and column by column; empty when no warehouse was looked
  /// at.
  std::vector<ProofLine> proof;
  bool strict = false;  ///< exceptions break the proof
  bool allow_pending = false;
  std::uint64_t offsets = 0;  ///< lines of the lake
  std::uint64_t chains = 0;
  std::uint64_t objects = 0;
  std::uint64_t offsets_against_log = 0;  ///< of the offsets, those that a log or witness still has
  std::uint64_t kept = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t rejected = 0;
  std::uint64_t faults = 0;  ///< of the rejected
  std::uint64_t cells = 0;
  std::optional<OracleReport> oracle;  ///< nothing without one

  StageReport& stage(Stage stage) { return stages[static_cast<std::size_t>(stage)]; }
  const StageReport& stage(Stage stage) const { return stages[static_cast<std::size_t>(stage)]; }
  /// True when `finding` breaks the proof.
  bool counts(const Finding& finding) const { return !(finding.pending && allow_pending); }
  bool proved() const;
};

/// `proved: ...` or `NOT proved: 3 problems`, in one line.
std::string verdict(const Report& report);
/// Whether a text names what no proof covers, or only says how much there is of it.
enum class Unproved { named, counted };
/// For people: the table, notes, and `proved: ...`, `proved, except MART.X (no recount): ...` or the named
/// offenders. Ends with a line feed.
std::string to_text(const Report& report, Unproved unproved = Unproved::named);
/// One JSON object (docs/formats/verify-report.md). Ends with a line feed.
std::string to_json(const Report& report);

}  // namespace sdp::verify
