#include "publish/published_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "base/utc_time.h"
#include "os/file_lock.h"
#include "os/files.h"
#include "os/posix_file.h"

namespace sdp::publish {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCurrent = "current";
constexpr std::string_view kDraft = ".draft";
constexpr std::string_view kNextLink = ".current";
constexpr std::string_view kRemoved = ".removed";
constexpr std::size_t kKept = 2;

/// `20260215T175236123Z`: in order of time by name, and without a colon.
std::string id_of(UtcMillis time) {
  std::string id = base::format_iso(time);
  std::erase_if(id, [](char letter) { return letter == '-' || letter == ':' || letter == '.'; });
  return id;
}

/// Nothing when the name is another.
std::optional<UtcMillis> time_of(const std::string& id) {
  if (id.size() != id_of({}).size()) return std::nullopt;
  const auto time =
      base::parse_iso(fmt::format("{}-{}-{}:{}:{}.{}", id.substr(0, 4), id.substr(4, 2), id.substr(6, 5),
                                  id.substr(11, 2), id.substr(13, 2), id.substr(15)));
  return time && id_of(*time) == id ? time : std::nullopt;
}

Result<void> failed(const std::error_code& failure, std::string_view action, const fs::path& path) {
  if (!failure) return {};
  return os::posix_error(failure.value(), os::Access::write, action, path);
}

/// When the publications in the folder were made, oldest first.
Result<std::vector<UtcMillis>> publications_in(const fs::path& root) {
  std::error_code failure;
  std::vector<UtcMillis> times;
  for (auto entry = fs::directory_iterator(root, failure); !failure && entry != fs::directory_iterator();
       entry.increment(failure)) {
    if (const auto time = time_of(entry->path().filename().string())) times.push_back(*time);
  }
  SDP_RETURN_IF_ERROR(failed(failure, "list", root));
  std::ranges::sort(times);
  return times;
}

int open_draft(const fs::path& file) {
  return ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

Result<void> seal(const os::UniqueFd& fd, const fs::path& file) {
  if (::fchmod(fd.get(), 0444) != 0) return os::posix_error(errno, os::Access::write, "protect", file);
  return os::sync_file(fd.get(), file);
}

Result<void> seal_all(const fs::path& folder) {
  std::error_code failure;
  for (auto entry = fs::directory_iterator(folder, failure); !failure && entry != fs::directory_iterator();
       entry.increment(failure)) {
    const os::UniqueFd fd(::open(entry->path().c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return os::posix_error(errno, os::Access::write, "open", entry->path());
    SDP_RETURN_IF_ERROR(seal(fd, entry->path()));
  }
  return failed(failure, "list", folder);
}

/// For whoever changes something there.
Result<os::FileLock> hold(const fs::path& root) {
  SDP_TRY(auto lock, os::FileLock::open(root / ".lock"));
  SDP_TRY(const bool locked, lock.try_lock());
  if (locked) return lock;
  return fail(ErrorKind::fenced,
              fmt::format("{}: another process publishes there; run it again later", root.string()));
}

/// What a process that was killed left behind.
Result<void> remove_left(const fs::path& root) {
  for (const std::string_view name : {kDraft, kNextLink, kRemoved}) {
    std::error_code failure;
    fs::remove_all(root / name, failure);
    SDP_RETURN_IF_ERROR(failed(failure, "remove", root / name));
  }
  return {};
}

/// Without a name first, so that nobody adds a file meanwhile.
Result<void> remove_publication(const fs::path& root, UtcMillis time) {
  const fs::path old = root / id_of(time);
  std::error_code failure;
  fs::rename(old, root / kRemoved, failure);
  if (!failure) fs::remove_all(root / kRemoved, failure);
  return failed(failure, "remove", old);
}

}  // namespace

Result<fs::path> replace_published(
    const fs::path& root, Clock& clock,
    const std::function<Result<void>(const fs::path& folder, const std::string& id)>& write) {
  SDP_RETURN_IF_ERROR(os::make_folder(root));
  SDP_TRY(const auto lock, hold(root));
  std::error_code failure;

  // 1. What a process that was killed left behind.
  SDP_RETURN_IF_ERROR(remove_left(root));
  const fs::path draft = root / kDraft;

  // 2. Its own name, behind those that are there, whatever the clock says.
  SDP_TRY(const auto before, publications_in(root));
  UtcMillis time = clock.utc_now();
  if (!before.empty()) time = std::max(time, before.back() + std::chrono::milliseconds(1));
  const std::string id = id_of(time);

  // 3. The files, whole and durable, where nobody looks for them.
  SDP_RETURN_IF_ERROR(os::make_folder(draft));
  SDP_RETURN_IF_ERROR(write(draft, id));
  SDP_RETURN_IF_ERROR(seal_all(draft));
  SDP_RETURN_IF_ERROR(os::sync_folder(draft));
  fs::rename(draft, root / id, failure);
  SDP_RETURN_IF_ERROR(failed(failure, "rename", draft));
  SDP_RETURN_IF_ERROR(os::sync_folder(root));

  // 4. The switch: readers find the old publication or this one.
  fs::create_directory_symlink(id, root / kNextLink, failure);
  SDP_RETURN_IF_ERROR(failed(failure, "make", root / kNextLink));
  fs::rename(root / kNextLink, root / kCurrent, failure);
  SDP_RETURN_IF_ERROR(failed(failure, "replace", root / kCurrent));
  SDP_RETURN_IF_ERROR(os::sync_folder(root));

  // 5. Those that nobody can be about to open.
  for (std::size_t at = 0; at + kKept <= before.size(); ++at)
    SDP_RETURN_IF_ERROR(remove_publication(root, before[at]));
  return root / id;
}

Result<void> remove_others(const fs::path& root, const fs::path& publication) {
  SDP_TRY(const auto lock, hold(root));
  SDP_RETURN_IF_ERROR(remove_left(root));
  SDP_TRY(const auto all, publications_in(root));
  for (const UtcMillis time : all) {
    if (root / id_of(time) != publication) SDP_RETURN_IF_ERROR(remove_publication(root, time));
  }
  return os::sync_folder(root);
}

Result<void> write_draft(const fs::path& path, std::string_view text) {
  const os::UniqueFd fd(open_draft(path));
  if (!fd) return os::posix_error(errno, os::Access::write, "write", path);
  return os::write_all(fd.get(), text, path);
}

std::optional<fs::path> current_publication(const fs::path& root) {
  std::error_code missing;
  const fs::path id = fs::read_symlink(root / kCurrent, missing);
  // Only what is published here: a link that somebody else made leads anywhere.
  if (missing || !time_of(id.string())) return std::nullopt;
  return root / id;
}

std::optional<fs::path> find_publication(const fs::path& root, std::string_view id) {
  const auto times = publications_in(root);
  if (!times) return std::nullopt;
  const auto found = std::ranges::find(*times, id, id_of);
  return found == times->end() ? std::nullopt : std::optional(root / id_of(*found));
}

Result<bool> add_to_publication(const fs::path& folder, std::string_view file, std::string_view text) {
  const fs::path draft = folder / fmt::format(".{}", file);
  std::error_code failure;
  fs::remove(draft, failure);  // of a process that was killed
  const os::UniqueFd fd(open_draft(draft));
  if (!fd && errno == ENOENT) return false;
  if (!fd) return os::posix_error(errno, os::Access::write, "write", draft);
  SDP_RETURN_IF_ERROR(os::write_all(fd.get(), text, draft));
  SDP_RETURN_IF_ERROR(seal(fd, draft));
  fs::rename(draft, folder / file, failure);
  if (failure == std::errc::no_such_file_or_directory) return false;
  SDP_RETURN_IF_ERROR(failed(failure, "replace", folder / file));
  return os::sync_folder_if_there(folder);
}

}  // namespace sdp::publish
