#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"

namespace sdp::warehouse::snowflake {

/// The statements of one load, in their order. Pure text: what differs from load to load is a number of our
/// own making, a time, and names that need no quotes.
class LoadSql {
 public:
  /// `run` and `load` name the load's folder on the stage.
  LoadSql(std::string_view database, std::string_view run, int load, UtcMillis loaded_at);

  std::string create_staging() const;
  /// All files of a local folder.
  std::string put(std::string_view folder) const;
  std::string copy() const;
  /// Every loader updates the one row, so Snowflake lets one after the other pass.
  std::string take_lock() const;
  /// Staged objects that the ledger has.
  std::string select_loaded() const;
  std::string insert_events() const;
  std::string insert_rejected() const;
  /// Last: until it is done, the other two find their objects missing from the ledger.
  std::string insert_ledger() const;
  std::string remove_files() const;

 private:
  std::string bronze(std::string_view name) const;
  std::string insert_lines(std::string_view table, std::string_view number, std::string_view columns,
                           std::string_view values) const;

  const std::string database_;
  const std::string run_;
  const int load_;
  const UtcMillis loaded_at_;
};

/// `'2026-02-15 17:52:36.123'::TIMESTAMP_NTZ(3)`, in UTC.
std::string timestamp_literal(UtcMillis time);

/// A loader's folder on the stage: `20260215T175236123Z-<8 hex digits>`.
std::string run_name(UtcMillis started, std::uint64_t random);
/// A loader's temporary table. Sessions do not see each other's, but each has a name of its own all the same.
std::string staging_table(std::string_view run);
/// When the run that has a file of this name on the stage began; nothing when it is not one of the pipeline.
std::optional<std::pair<std::string, UtcMillis>> run_of(std::string_view staged_file);

std::string list_stage(std::string_view database);
std::string remove_run(std::string_view database, std::string_view run);

}  // namespace sdp::warehouse::snowflake
