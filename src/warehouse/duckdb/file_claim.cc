#include "warehouse/duckdb/file_claim.h"

#include <fmt/core.h>

#include <filesystem>
#include <mutex>
#include <set>
#include <utility>

namespace sdp::warehouse::duckdb {
namespace {

struct OpenFiles {
  std::mutex mutex;
  std::set<std::string> files;  // guarded by mutex
};

OpenFiles& open_files() {
  static OpenFiles open;
  return open;
}

}  // namespace

Result<FileClaim> FileClaim::take(const std::string& path) {
  std::error_code failure;
  std::string file =
      std::filesystem::weakly_canonical(std::filesystem::absolute(path, failure), failure).string();
  if (failure) return fail(ErrorKind::misconfigured, fmt::format("DuckDB {}: {}", path, failure.message()));
  OpenFiles& open = open_files();
  const std::lock_guard lock(open.mutex);
  if (!open.files.insert(file).second) {
    return fail(ErrorKind::fenced,
                fmt::format("DuckDB {}: this process has it open already; close it first", path));
  }
  return FileClaim(std::move(file));
}

FileClaim::~FileClaim() {
  if (file_.empty()) return;
  OpenFiles& open = open_files();
  const std::lock_guard lock(open.mutex);
  open.files.erase(file_);
}

}  // namespace sdp::warehouse::duckdb
