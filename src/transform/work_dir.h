#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/file_lock.h"

namespace sdp::transform {

/// All that dbt and we write in a work folder, beside its lock.
enum class WorkFile {
  target,  ///< a folder: dbt's results, and what it made of the project
  dbt_logs,
  build_log,
  parse_log,
  docs_log,
  freshness_log,
  lineage_log,
  worker_log,
  last_build
};
/// In the order of WorkFile.
inline constexpr auto kWorkFileNames =
    std::to_array<std::string_view>({"target", "logs", "transform.log", "parse.log", "docs.log",
                                     "freshness.log", "lineage.log", "worker.log", "last_build.json"});
static_assert(kWorkFileNames.size() == static_cast<std::size_t>(WorkFile::last_build) + 1);

inline std::filesystem::path work_file(const std::filesystem::path& work_dir, WorkFile file) {
  return work_dir / kWorkFileNames.at(static_cast<std::size_t>(file));
}

/// Those that are there. What else lies in the folder is somebody else's.
std::vector<std::filesystem::path> files_of_work_dir(const std::filesystem::path& work_dir);

/// What dbt and we write in a work folder belongs to one build: two at once would take each other's results
/// for their own, and a reader would find half a file. Held by one that builds or by any number that read.

/// How long the others are waited for: they may be about to end.
inline constexpr std::chrono::milliseconds kWorkDirPatience{3'000};

/// To build: makes the folder where there is none. `fenced` while others hold it.
Result<os::FileLock> hold_work_dir(const std::filesystem::path& work_dir,
                                   std::chrono::milliseconds patience = kWorkDirPatience);
/// To read; nothing where nobody ever built. `fenced` during a build.
Result<std::optional<os::FileLock>> hold_work_dir_to_read(
    const std::filesystem::path& work_dir, std::chrono::milliseconds patience = kWorkDirPatience);

}  // namespace sdp::transform
