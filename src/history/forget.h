#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"
#include "history/ledger.h"
#include "os/file_lock.h"

namespace sdp::history {

// The folder of a person, as `run --import` and `import` fill it, and how it goes. It is renamed aside before
// anything of it is deleted: it is there as a whole or not at all, and what a killed process left is found by
// its name.

/// What is below a folder, without following links.
struct Extent {
  std::uint64_t files = 0;  ///< of any kind but folders
  std::uint64_t bytes = 0;  ///< of regular files
};

/// Where a folder lies while it is deleted: beside its place, under a name that no person's folder has.
std::filesystem::path aside_of(const std::filesystem::path& folder);

/// Whether there is a folder. `misconfigured` when it is a link, or something else than a folder: what a link
/// leads to may be anything.
Result<bool> is_plain_folder(const std::filesystem::path& path);

/// What the person's imports are, when the folder is this person's and nothing else: `misconfigured` when it
/// remembers no import, has imports of somebody else, or something that no import makes, or a link to
/// something outside.
Result<std::vector<ImportedFile>> check_person_folder(const std::filesystem::path& folder, const Uuid& user);

/// What disappears meanwhile is not counted.
Result<Extent> extent_of(const std::filesystem::path& folder);

/// Gives the folder its name aside, durably. Nothing may have that name.
Result<void> set_aside(const std::filesystem::path& folder);
/// What was set aside, for whoever is to remove it: `fenced` while the process that set it aside does.
/// Nothing when its lock is gone already.
Result<std::optional<os::FileLock>> hold_aside(const std::filesystem::path& folder);
/// Deletes what was set aside, durably; its lock goes last.
Result<void> remove_aside(const std::filesystem::path& folder);

}  // namespace sdp::history
