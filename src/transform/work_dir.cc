#include "transform/work_dir.h"

#include <fmt/format.h>

#include <functional>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "base/retry.h"
#include "os/files.h"

namespace sdp::transform {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWorkDirLock = ".lock";
constexpr std::chrono::milliseconds kLookEvery{50};

Result<void> wait_for(const fs::path& work_dir, std::chrono::milliseconds patience,
                      const std::function<Result<bool>()>& try_lock) {
  Result<bool> locked = false;
  base::try_until(base::system_clock(), patience, kLookEvery, [&] {
    locked = try_lock();
    return !locked || *locked;
  });
  if (!locked) return std::unexpected(locked.error());
  if (*locked) return {};
  return fail(
      ErrorKind::fenced,
      fmt::format("another process builds in {}, or publishes from there; wait for it, or choose another "
                  "folder with --work-dir",
                  work_dir.string()));
}

}  // namespace

std::vector<fs::path> files_of_work_dir(const fs::path& work_dir) {
  std::vector<fs::path> found;
  for (const std::string_view name : kWorkFileNames) {
    fs::path path = work_dir / name;
    std::error_code unknown;
    if (fs::exists(fs::symlink_status(path, unknown))) found.push_back(std::move(path));
  }
  return found;
}

Result<os::FileLock> hold_work_dir(const fs::path& work_dir, std::chrono::milliseconds patience) {
  SDP_RETURN_IF_ERROR(os::make_folder(work_dir));
  SDP_TRY(auto lock, os::FileLock::open(work_dir / kWorkDirLock));
  SDP_RETURN_IF_ERROR(wait_for(work_dir, patience, [&lock] { return lock.try_lock(); }));
  return lock;
}

Result<std::optional<os::FileLock>> hold_work_dir_to_read(const fs::path& work_dir,
                                                          std::chrono::milliseconds patience) {
  SDP_TRY(auto lock, os::FileLock::open_to_read(work_dir / kWorkDirLock));
  if (lock) SDP_RETURN_IF_ERROR(wait_for(work_dir, patience, [&lock] { return lock->try_lock_shared(); }));
  return lock;
}

}  // namespace sdp::transform
