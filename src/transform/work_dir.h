#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/file_lock.h"

namespace sdp::transform {

/// All that dbt and we write in a work folder, beside its lock.
struct WorkFile {
  static constexpr std::string_view kTarget = "target";  ///< dbt's results, and what it made of the project
  static constexpr std::string_view kDbtLogs = "logs";
  static constexpr std::string_view kBuildLog = "transform.log";
  static constexpr std::string_view kParseLog = "parse.log";
  static constexpr std::string_view kDocsLog = "docs.log";
  static constexpr std::string_view kFreshnessLog = "freshness.log";
  static constexpr std::string_view kLineageLog = "lineage.log";
  static constexpr std::string_view kWorkerLog = "worker.log";
  static constexpr std::string_view kLastBuild = "last_build.json";
};
inline constexpr std::array kWorkFiles{WorkFile::kTarget,     WorkFile::kDbtLogs,   WorkFile::kBuildLog,
                                       WorkFile::kParseLog,   WorkFile::kDocsLog,   WorkFile::kFreshnessLog,
                                       WorkFile::kLineageLog, WorkFile::kWorkerLog, WorkFile::kLastBuild};

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
