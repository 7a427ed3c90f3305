#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "os/file_lock.h"

namespace sdp::cli {

/// The warehouse of the embedded pipeline in a folder; for readers of its copy, whom nobody keeps out.
inline std::filesystem::path embedded_warehouse(const std::filesystem::path& data) {
  return data / "warehouse" / "spotify_db.duckdb";
}

/// The folder of one embedded pipeline, held by one process that writes or by any number that read.
class DataDir {
 public:
  /// Creates the folder where it is missing. `fenced` names the process that holds it; `cannot_write` says
  /// why not.
  static Result<DataDir> open(const std::filesystem::path& path);
  /// The same of a folder that is there: `misconfigured` when it is not.
  static Result<DataDir> open_there(const std::filesystem::path& path);
  /// For readers, who write nothing and may be several: `misconfigured` when there is no such folder.
  static Result<DataDir> open_to_read(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path lake() const { return path_ / "lake"; }
  std::filesystem::path log() const { return path_ / "log"; }
  std::filesystem::path warehouse() const { return embedded_warehouse(path_); }
  /// What the marts must hold, as long as all of the lake's events are of runs that kept it.
  std::filesystem::path oracle() const { return path_ / "oracle.ndjson"; }
  std::filesystem::path transform() const { return path_ / "transform"; }

 private:
  static Result<DataDir> hold(const std::filesystem::path& path, bool create);
  DataDir(std::filesystem::path path, std::optional<os::FileLock> lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  std::optional<os::FileLock> lock_;  ///< none for readers of a folder that nobody ever wrote
};

/// `misconfigured` when DuckDB would keep a warehouse of this path somewhere else: told before work that
/// would be lost.
Result<void> check_duckdb_path(std::string_view path);

}  // namespace sdp::cli
