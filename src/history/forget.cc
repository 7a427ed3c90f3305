#include "history/forget.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "os/posix_file.h"

namespace sdp::history {
namespace {

namespace fs = std::filesystem;

/// All that `run --import` and `import` make in a folder. Files that are replaced in one step
/// (os::write_file) have their other name until then, and keep it where a command was killed. test_forget.py
/// finds what is missing here.
constexpr std::string_view kLock = ".lock";
constexpr std::array<std::string_view, 9> kMade{kLock,
                                                "lake",
                                                "log",
                                                "warehouse",
                                                "transform",
                                                "report.html",
                                                "report.html.new",
                                                kLedgerName,
                                                "imported.jsonl.new"};

std::unexpected<Error> failed(const std::error_code& failure, os::Access access, std::string_view action,
                              const fs::path& path) {
  return os::posix_error(failure.value(), access, action, path);
}

/// A path and what is in it, some of which others may remove at the same time.
Result<void> remove_with_others(const fs::path& path) {
  std::error_code failure;
  // Each time that something vanished, somebody removed it, and there is less to remove.
  do {
    fs::remove_all(path, failure);
  } while (failure == std::errc::no_such_file_or_directory);
  if (failure) return failed(failure, os::Access::write, "remove", path);
  return {};
}

/// What a link leads to stays when the link goes.
Result<void> check_links(const fs::path& folder) {
  std::error_code failure;
  const fs::path whole = fs::canonical(folder, failure);
  for (auto entry = fs::recursive_directory_iterator(folder, failure);
       !failure && entry != fs::recursive_directory_iterator(); entry.increment(failure)) {
    if (!entry->is_symlink(failure)) continue;
    const fs::path target = fs::weakly_canonical(entry->path(), failure);
    // What leads in a circle leads to nothing.
    if (failure == std::errc::too_many_symbolic_link_levels) continue;
    if (failure) return failed(failure, os::Access::read, "look behind", entry->path());
    if (std::ranges::mismatch(whole, target).in1 == whole.end()) continue;
    return fail(ErrorKind::misconfigured,
                fmt::format("{} is a symbolic link to {}, which would stay: move what it leads to in its "
                            "place, or remove both by hand",
                            entry->path().string(), target.string()));
  }
  if (failure) return failed(failure, os::Access::read, "look for links in", folder);
  return {};
}

}  // namespace

fs::path aside_of(const fs::path& folder) {
  return folder.parent_path() / fmt::format(".{}.forgotten", folder.filename().string());
}

Result<bool> is_plain_folder(const fs::path& path) {
  std::error_code failure;
  const fs::file_status status = fs::symlink_status(path, failure);
  if (status.type() == fs::file_type::not_found) return false;
  if (failure) return failed(failure, os::Access::read, "look at", path);
  if (status.type() == fs::file_type::directory) return true;
  if (status.type() == fs::file_type::symlink) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("{} is a symbolic link; name the folder that it leads to with --data", path.string()));
  }
  return fail(ErrorKind::misconfigured,
              fmt::format("{} is not a folder; what is kept of a person is a folder", path.string()));
}

Result<std::vector<ImportedFile>> check_person_folder(const fs::path& folder, const Uuid& user) {
  const fs::path ledger = folder / kLedgerName;
  SDP_TRY(auto files, read_imports(ledger));
  if (files.empty()) {
    return fail(ErrorKind::misconfigured,
                fmt::format("{} has no import, so {} is not known to be a person's folder; if an import was "
                            "stopped there, import again first, or remove the folder by hand",
                            ledger.string(), folder.string()));
  }
  for (const ImportedFile& file : files) {
    if (file.user == user) continue;
    return fail(
        ErrorKind::misconfigured,
        fmt::format("{} has an import of user {}, and this is user {}: the folder would go with what it "
                    "has of others; name the person and the folder that belong together, or remove it by "
                    "hand",
                    ledger.string(), base::to_string(file.user), base::to_string(user)));
  }
  std::error_code failure;
  for (auto entry = fs::directory_iterator(folder, failure); !failure && entry != fs::directory_iterator();
       entry.increment(failure)) {
    const std::string name = entry->path().filename().string();
    if (std::ranges::find(kMade, name) != kMade.end()) continue;
    return fail(
        ErrorKind::misconfigured,
        fmt::format("{} is nothing that an import makes, and would go with its folder; move it elsewhere, "
                    "or remove it by hand",
                    entry->path().string()));
  }
  if (failure) return failed(failure, os::Access::read, "list", folder);
  SDP_RETURN_IF_ERROR(check_links(folder));
  return files;
}

Result<Extent> extent_of(const fs::path& folder) {
  Extent extent;
  std::vector<fs::path> folders{folder};
  while (!folders.empty()) {
    const fs::path at = std::move(folders.back());
    folders.pop_back();
    std::error_code failure;
    for (auto entry = fs::directory_iterator(at, failure); !failure && entry != fs::directory_iterator();
         entry.increment(failure)) {
      std::error_code gone;
      const fs::file_type type = entry->symlink_status(gone).type();
      if (type == fs::file_type::not_found) continue;
      if (gone) return failed(gone, os::Access::read, "count what is in", folder);
      if (type == fs::file_type::directory) {
        folders.push_back(entry->path());
        continue;
      }
      ++extent.files;
      if (type != fs::file_type::regular) continue;
      const std::uintmax_t bytes = entry->file_size(gone);
      if (!gone) extent.bytes += bytes;
    }
    if (failure && failure != std::errc::no_such_file_or_directory)
      return failed(failure, os::Access::read, "count what is in", folder);
  }
  return extent;
}

Result<void> set_aside(const fs::path& folder) {
  const fs::path aside = aside_of(folder);
  if (std::rename(folder.c_str(), aside.c_str()) != 0)
    return os::posix_error(errno, os::Access::write, "rename", folder);
  return os::sync_folder(aside.parent_path());
}

Result<std::optional<os::FileLock>> hold_aside(const fs::path& folder) {
  const fs::path aside = aside_of(folder);
  SDP_TRY(auto lock, os::FileLock::open_to_read(aside / kLock));
  if (!lock) return lock;
  SDP_TRY(const bool locked, lock->try_lock());
  if (locked) return lock;
  return fail(ErrorKind::fenced,
              fmt::format("{} is being removed by another `forget`; wait for it to end", aside.string()));
}

Result<void> remove_aside(const fs::path& folder) {
  const fs::path aside = aside_of(folder);
  std::error_code failure;
  std::vector<fs::path> all;
  for (auto entry = fs::directory_iterator(aside, failure); !failure && entry != fs::directory_iterator();
       entry.increment(failure)) {
    if (entry->path().filename() != kLock) all.push_back(entry->path());
  }
  if (failure == std::errc::no_such_file_or_directory) return {};
  if (failure) return failed(failure, os::Access::read, "list", aside);
  all.push_back(aside);
  for (const fs::path& path : all) SDP_RETURN_IF_ERROR(remove_with_others(path));
  return os::sync_folder(aside.parent_path());
}

}  // namespace sdp::history
