#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"

namespace sdp::cli {

/// The folder of one embedded pipeline, held by one process at a time (flock, so that a killed process lets
/// go).
class DataDir {
 public:
  /// Creates the folder where it is missing. `fenced` names the process that holds it; `cannot_write` says
  /// why not.
  static Result<DataDir> open(const std::filesystem::path& path);
  ~DataDir();
  DataDir(DataDir&& other) noexcept;
  DataDir& operator=(DataDir&&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path lake() const { return path_ / "lake"; }
  std::filesystem::path log() const { return path_ / "log"; }
  std::filesystem::path warehouse() const { return path_ / "warehouse" / "spotify_db.duckdb"; }
  std::filesystem::path transform() const { return path_ / "transform"; }

 private:
  DataDir(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::filesystem::path path_;
  int lock_ = -1;
};

}  // namespace sdp::cli
