#include "store/directory/folder_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "os/posix_file.h"
#include "store/object_rules.h"

namespace sdp::store {
namespace {

using Visit = std::function<bool(const ListedObject&)>;

struct CloseDir {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

enum class EntryKind { file, folder, other };

EntryKind kind_of(DIR* folder, const dirent& entry) {
  mode_t mode = DTTOIF(entry.d_type);
  struct stat status{};
  if (entry.d_type == DT_UNKNOWN &&
      ::fstatat(::dirfd(folder), entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
    mode = status.st_mode;
  }
  if (S_ISREG(mode)) return EntryKind::file;
  return S_ISDIR(mode) ? EntryKind::folder : EntryKind::other;
}

// Keys of the files, and of the folders with their '/', of one folder (whose own key is empty or ends in
// '/').
Result<std::vector<std::string>> sorted_entries(const std::filesystem::path& root, const std::string& folder,
                                                std::string_view prefix) {
  std::vector<std::string> keys;
  const std::filesystem::path path = root / folder;
  const std::unique_ptr<DIR, CloseDir> open_folder(::opendir(path.c_str()));
  if (!open_folder) {
    if (errno == ENOENT || errno == ENOTDIR) return keys;
    return os::posix_error(errno, os::Access::read, "read the folder", path);
  }
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(open_folder.get());
    if (entry == nullptr) break;
    const std::string_view name(entry->d_name);
    if (name == "." || name == ".." || (folder.empty() && is_reserved(name))) continue;
    const EntryKind kind = kind_of(open_folder.get(), *entry);
    std::string key = folder + std::string(name);
    if (kind == EntryKind::other || !check_key(key)) continue;
    if (kind == EntryKind::folder) key += '/';
    if (key.starts_with(prefix)) keys.push_back(std::move(key));
  }
  if (errno != 0) return os::posix_error(errno, os::Access::read, "read the folder", path);
  std::ranges::sort(keys);
  return keys;
}

Result<bool> visit_file(const std::filesystem::path& root, const std::string& key, const Visit& visit) {
  const std::filesystem::path path = root / key;
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return true;
    return os::posix_error(errno, os::Access::read, "look at", path);
  }
  return visit(ListedObject{key, static_cast<std::uint64_t>(status.st_size)});
}

// False when `visit` said stop. Keys have at most 1024 bytes, which bounds the depth.
Result<bool> walk(const std::filesystem::path& root, const std::string& folder, std::string_view prefix,
                  const Visit& visit) {
  SDP_TRY(const auto keys, sorted_entries(root, folder, prefix));
  for (const std::string& key : keys) {
    SDP_TRY(const bool go_on,
            key.ends_with('/') ? walk(root, key, prefix, visit) : visit_file(root, key, visit));
    if (!go_on) return false;
  }
  return true;
}

}  // namespace

bool is_reserved(std::string_view first_segment) {
  return first_segment == kTemporaryFolder || first_segment == kMetadataFolder ||
         first_segment == kLockFolder;
}

Result<void> walk_objects(const std::filesystem::path& root, std::string_view prefix, const Visit& visit) {
  const std::string folder(prefix.substr(0, prefix.rfind('/') + 1));
  if (is_reserved(folder.substr(0, folder.find('/')))) return {};
  SDP_RETURN_IF_ERROR(walk(root, folder, prefix, visit));
  return {};
}

Result<std::vector<std::string>> walk_folders(const std::filesystem::path& root, std::string_view prefix) {
  std::vector<std::string> folders;
  if (is_reserved(prefix.substr(0, prefix.find('/')))) return folders;
  SDP_TRY(const auto keys, sorted_entries(root, std::string(prefix), prefix));
  for (const std::string& key : keys) {
    if (!key.ends_with('/')) continue;
    SDP_TRY(const bool empty, walk(root, key, key, [](const ListedObject&) { return false; }));
    if (!empty) folders.push_back(key);
  }
  return folders;
}

}  // namespace sdp::store
