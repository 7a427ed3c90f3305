#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace sdp::warehouse::duckdb {

/// The right of one connection of this process to a database file, as long as it lives. DuckDB's own lock
/// keeps other processes out but not a second database in this one: both would write the file, and the first
/// to close it would drop the lock for both. (For the same reason nothing else of this process may open and
/// close the file meanwhile.)
class FileClaim {
 public:
  /// `fenced` when this process has the file open.
  static Result<FileClaim> take(const std::string& path);

  ~FileClaim();
  FileClaim(FileClaim&& other) noexcept : file_(std::exchange(other.file_, {})) {}
  FileClaim& operator=(FileClaim&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }

 private:
  explicit FileClaim(std::string file) : file_(std::move(file)) {}

  std::string file_;  ///< canonical; empty when moved from
};

}  // namespace sdp::warehouse::duckdb
