#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "os/file_lock.h"

namespace sdp::cli {

/// The folder of one embedded pipeline, held by one process at a time.
class DataDir {
 public:
  /// Creates the folder where it is missing. `fenced` names the process that holds it; `cannot_write` says
  /// why not.
  static Result<DataDir> open(const std::filesystem::path& path);
  /// The same for readers: `misconfigured` when there is no such folder.
  static Result<DataDir> open_existing(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path lake() const { return path_ / "lake"; }
  std::filesystem::path log() const { return path_ / "log"; }
  std::filesystem::path warehouse() const { return path_ / "warehouse" / "spotify_db.duckdb"; }
  std::filesystem::path transform() const { return path_ / "transform"; }

 private:
  DataDir(std::filesystem::path path, os::FileLock lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  os::FileLock lock_;
};

}  // namespace sdp::cli
