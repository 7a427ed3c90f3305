#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "history/input.h"
#include "history/judge.h"
#include "history/ledger.h"

namespace sdp::history {

/// What is asked for.
struct ImportOptions {
  std::optional<Format> format;  ///< nothing: as the files show
  std::string user;              ///< empty: the account's name in the export, else kNobodysName
  UtcMillis now;
  std::string target;  ///< where the events go, as ImportedFile has it
  /// What was imported before of the account with this name.
  std::function<Result<std::vector<ImportedFile>>(const std::string& account)> recall;
};

inline constexpr std::string_view kNobodysName = "me";
/// How far the clock of a device may be ahead of ours.
inline constexpr std::chrono::hours kAheadMax{24};
/// A person has not so many in a file; more than this many distinct ones could not be told apart within
/// bounded memory (about 60 bytes a row).
inline constexpr std::uint64_t kRowsMax = 5'000'000;

/// Rows that have one reason not to be an event, or to be told of, and the first of them.
struct LeftOut {
  std::uint64_t rows = 0;
  std::string file;
  std::uint64_t row = 0;  ///< from 1
  Fault fault;
};

/// A file that is to be imported.
struct PlannedFile {
  InputFile input;
  Kind kind = Kind::spotify_extended;
  ImportedFile imported;  ///< what is to be remembered of it
  bool is_known = false;  ///< imported before: its rows are counted and that is all
};

/// Every row is exactly one of kept, skipped, refused, covered and known.
struct Counts {
  std::uint64_t rows = 0;
  std::uint64_t kept = 0;
  std::uint64_t skipped = 0;  ///< no music
  std::uint64_t refused = 0;  ///< broken
  std::uint64_t covered = 0;  ///< of the account data, on days that the extended history has
  std::uint64_t known = 0;    ///< in files that were imported before
  std::uint64_t plays = 0;
  std::uint64_t skips = 0;
  std::array<LeftOut, kReasons> left_out;
  LeftOut replaced;  ///< of those that are kept: half a character in a title or a name became U+FFFD

  std::uint64_t events() const { return plays + skips; }
  void add(const Counts& more);
};

/// What an import will do, found by reading all of it once. Of a file that is broken there is no plan, so
/// nothing of a broken export is ever produced.
struct ImportPlan {
  std::string account;  ///< the name that the user's id is made of
  Uuid user;
  std::vector<PlannedFile> files;
  std::vector<std::string> others;  ///< files that were found and are not a listening history
  Days extended_days;               ///< of this and earlier imports
  Counts counts;

  /// What is to be remembered when all events have arrived.
  std::vector<ImportedFile> to_remember() const;
};

/// Reads all files once. `bad_input` names file, row and member of what is broken, or of a mixture of exports
/// or accounts; `misconfigured` when Spotify's extended history comes after account data of the same days.
Result<ImportPlan> plan_import(const std::vector<InputFile>& files, const ImportOptions& options);

/// Whether a row of the account data is left out because the extended history has its day.
bool is_covered(const Days& extended_days, Kind kind, const Listening& listening);

}  // namespace sdp::history
