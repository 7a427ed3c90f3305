#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/data_dir.h"
#include "cli/forget_mark.h"
#include "cli/settings.h"
#include "history/forget.h"
#include "os/file_lock.h"
#include "warehouse/duckdb/forget_topics.h"

namespace sdp::cli {

/// A DuckDB warehouse into which lakes of several were loaded, and what is needed to build its marts again.
struct SharedWarehouse {
  WarehouseSettings warehouse;
  TransformSettings transform;
  bool work_dir_was_set = false;
  std::string report;       ///< a file; empty: in the data folder of an embedded warehouse; `none`
  std::string static_site;  ///< a folder of `publish --static`; empty: none
  std::string waits_at;     ///< a step, for tests, which kill it there
};

/// What a warehouse, and what is made of it, have of a person.
struct InWarehouse {
  warehouse::duckdb::TopicRows rows;
  bool is_unfinished = false;                ///< a `forget` was stopped there
  history::Extent published;                 ///< what is replaced
  history::Extent work;                      ///< of dbt
  std::vector<std::filesystem::path> files;  ///< reports, and what killed processes left

  bool has_any() const { return is_unfinished || !rows.tables.empty(); }
};

/// Takes a person's rows out of a warehouse that others share.
class WarehouseForgetting {
 public:
  /// Holds up whoever works in the data folder of an embedded warehouse; `to_write`: all who read there, too.
  /// `topic_ids`: of the person's lake. `fenced` and `misconfigured` as with any use of the warehouse;
  /// `misconfigured` also when a `forget` of somebody else was stopped there.
  static Result<WarehouseForgetting> open(SharedWarehouse shared, warehouse::duckdb::ToForget what,
                                          bool to_write);

  const std::filesystem::path& place() const { return place_; }
  const InWarehouse& found() const { return found_; }

  /// Nothing is left of the person when this succeeds. What fails before the new file has taken the old one's
  /// place leaves the warehouse as it was. `command`: what finishes it, should it be killed.
  Result<void> carry_out(const std::string& command, const Runtime& runtime);

 private:
  WarehouseForgetting(SharedWarehouse shared, warehouse::duckdb::ToForget what);

  Result<void> look();
  Result<void> rewrite(const Runtime& runtime);
  Result<void> copy_and_build(warehouse::duckdb::Connection& old, const Runtime& runtime);
  Result<void> replace_published(const Runtime& runtime);
  Result<void> step(std::string_view name, const Runtime& runtime) const;

  SharedWarehouse shared_;
  warehouse::duckdb::ToForget what_;
  std::filesystem::path place_;                   ///< as it was named
  std::filesystem::path file_;                    ///< behind links
  std::filesystem::path draft_;                   ///< the file that takes its place
  std::vector<std::filesystem::path> work_dirs_;  ///< dbt builds in the first
  std::optional<DataDir> data_;
  InWarehouse found_;
  bool is_switched_ = false;
};

}  // namespace sdp::cli
