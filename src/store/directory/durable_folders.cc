#include "store/directory/durable_folders.h"

#include <sys/stat.h>

#include <cerrno>

#include "os/posix_file.h"

namespace sdp::store {
namespace {

// An hour folder is used for an hour; this many cover months, and the memory stays small.
constexpr std::size_t kKnownMax = 4096;

}  // namespace

Result<bool> DurableFolders::ensure(const std::filesystem::path& base, const std::filesystem::path& folder) {
  if (is_known(folder)) return true;
  std::filesystem::path at = base;
  for (const auto& part : folder.lexically_relative(base)) {
    if (part == ".") continue;
    const std::filesystem::path above = at;
    at /= part;
    if (is_known(at)) continue;
    if (::mkdir(at.c_str(), 0777) != 0 && errno != EEXIST) {
      if (errno == ENOENT) return false;
      return os::posix_error(errno, os::Access::write, "make the folder", at);
    }
    if (sync_) {
      SDP_TRY(const bool there, os::sync_folder_if_there(above));
      if (!there) return false;
    }
    remember(at);
  }
  return true;
}

void DurableFolders::forget() {
  std::lock_guard lock(mutex_);
  known_.clear();
}

bool DurableFolders::is_known(const std::filesystem::path& folder) const {
  std::lock_guard lock(mutex_);
  return known_.contains(folder.native());
}

void DurableFolders::remember(const std::filesystem::path& folder) {
  std::lock_guard lock(mutex_);
  if (known_.size() >= kKnownMax) known_.clear();
  known_.insert(folder.native());
}

std::filesystem::path existing_ancestor(const std::filesystem::path& path) {
  std::filesystem::path at = path;
  std::error_code ignored;
  while (at.has_relative_path() && !std::filesystem::exists(at, ignored)) at = at.parent_path();
  return at;
}

}  // namespace sdp::store
