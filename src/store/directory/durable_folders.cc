#include "store/directory/durable_folders.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <new>
#include <optional>
#include <string>

#include "os/posix_file.h"

namespace sdp::store {
namespace {

// An hour folder is used for an hour; this many cover months, and the memory stays small.
constexpr std::size_t kKnownMax = 4096;

template <typename T>
std::string bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// What tells a folder from every other one, also from one that was made in its place since; nothing when
/// there is nothing of that name. Numbers of files are given again: the handle has how often, and where the
/// file system gives none there is the time of birth.
Result<std::optional<std::string>> identify(const std::filesystem::path& folder) {
  alignas(file_handle) std::array<char, sizeof(file_handle) + MAX_HANDLE_SZ> room{};
  auto* const handle = new (room.data()) file_handle;
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  if (::name_to_handle_at(AT_FDCWD, folder.c_str(), handle, &mount, AT_SYMLINK_FOLLOW) == 0) {
    return bytes_of(mount) + std::string(room.data(), sizeof(file_handle) + handle->handle_bytes);
  }
  struct statx found{};
  if (errno != ENOENT && errno != ENOTDIR &&
      ::statx(AT_FDCWD, folder.c_str(), 0, STATX_INO | STATX_BTIME, &found) == 0) {
    return bytes_of(found.stx_dev_major) + bytes_of(found.stx_dev_minor) + bytes_of(found.stx_ino) +
           bytes_of(found.stx_btime);
  }
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  return os::posix_error(errno, os::Access::read, "look at", folder);
}

}  // namespace

Result<bool> DurableFolders::ensure(const std::filesystem::path& base, const std::filesystem::path& folder) {
  return walk(base, folder, true);
}

Result<bool> DurableFolders::settle(const std::filesystem::path& base, const std::filesystem::path& folder) {
  return walk(base, folder, false);
}

Result<bool> DurableFolders::walk(const std::filesystem::path& base, const std::filesystem::path& folder,
                                  bool make) {
  SDP_TRY(const auto found, identify(folder));
  if (found && is_known(folder, *found)) return true;
  std::filesystem::path at = base;
  for (const auto& part : folder.lexically_relative(base)) {
    if (part == ".") continue;
    const std::filesystem::path above = at;
    at /= part;
    if (make && ::mkdir(at.c_str(), 0777) != 0 && errno != EEXIST) {
      if (errno == ENOENT) return false;
      return os::posix_error(errno, os::Access::write, "make the folder", at);
    }
    SDP_TRY(const auto identity, identify(at));
    if (!identity) return false;
    if (is_known(at, *identity)) continue;
    if (sync_) {
      SDP_TRY(const bool there, os::sync_folder_if_there(above));
      if (!there) return false;
    }
    remember(at, *identity);
  }
  return true;
}

bool DurableFolders::is_known(const std::filesystem::path& folder, const std::string& identity) const {
  std::lock_guard lock(mutex_);
  const auto known = known_.find(folder.native());
  return known != known_.end() && known->second == identity;
}

void DurableFolders::remember(const std::filesystem::path& folder, const std::string& identity) {
  std::lock_guard lock(mutex_);
  if (known_.size() >= kKnownMax) known_.clear();
  known_.insert_or_assign(folder.native(), identity);
}

}  // namespace sdp::store
