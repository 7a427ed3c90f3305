#include "store/directory/temporary_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <random>
#include <system_error>

namespace sdp::store {
namespace {

constexpr int kNamesTriedMax = 16;

std::string random_name() {
  thread_local std::random_device device;
  return fmt::format("{}-{:08x}{:08x}", ::getpid(), device(), device());
}

UtcMillis modified_at(const struct stat& status) {
  return UtcMillis(std::chrono::seconds(status.st_mtim.tv_sec) +
                   std::chrono::milliseconds(status.st_mtim.tv_nsec / 1'000'000));
}

void sweep_one(const std::filesystem::path& path, UtcMillis oldest_kept) {
  const os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status{};
  if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  if (modified_at(status) >= oldest_kept) return;
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
}

}  // namespace

Result<TemporaryFile> TemporaryFile::create(const std::filesystem::path& folder) {
  int code = EEXIST;
  for (int i = 0; i < kNamesTriedMax && code == EEXIST; ++i) {
    std::filesystem::path path = folder / random_name();
    // Read-only for all: an object never changes.
    os::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
    code = fd ? 0 : errno;
    if (!fd) continue;
    TemporaryFile file(std::move(fd), std::move(path));
    if (::flock(file.fd_.get(), LOCK_EX | LOCK_NB) != 0)
      return os::posix_error(errno, os::Access::write, "lock", file.path_);
    return file;
  }
  return os::posix_error(code, os::Access::write, "make a temporary file in", folder);
}

TemporaryFile::~TemporaryFile() {
  if (fd_ && !path_.empty()) ::unlink(path_.c_str());
}

Result<void> TemporaryFile::fill(std::string_view bytes, bool sync) {
  SDP_RETURN_IF_ERROR(os::write_all(fd_.get(), bytes, path_));
  if (sync) SDP_RETURN_IF_ERROR(os::sync_file(fd_.get(), path_));
  return {};
}

int TemporaryFile::move_to(const std::filesystem::path& target) {
  if (::rename(path_.c_str(), target.c_str()) != 0) return errno;
  path_.clear();
  return 0;
}

void sweep_temporary_files(const std::filesystem::path& folder, std::chrono::milliseconds stale_after,
                           const Clock& clock) {
  const UtcMillis oldest_kept = clock.utc_now() - stale_after;
  std::error_code error;
  std::filesystem::directory_iterator at(folder, error);
  while (!error && at != std::filesystem::directory_iterator()) {
    sweep_one(at->path(), oldest_kept);
    at.increment(error);
  }
}

}  // namespace sdp::store
