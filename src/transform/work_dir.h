#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "base/result.h"
#include "os/file_lock.h"

namespace sdp::transform {

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
