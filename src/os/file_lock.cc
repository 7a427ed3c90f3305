#include "os/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "os/same_file.h"

namespace sdp::os {

Result<FileLock> FileLock::open(const std::filesystem::path& path, mode_t mode) {
  SDP_TRY(auto lock, open_in_folder(path, mode));
  if (!lock) return posix_error(ENOENT, Access::write, "open the lock file", path);
  return *std::move(lock);
}

Result<std::optional<FileLock>> FileLock::open_in_folder(const std::filesystem::path& path, mode_t mode) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, mode));
  if (fd) return std::optional(FileLock(path, std::move(fd)));
  if (errno == ENOENT) return std::optional<FileLock>{};
  return posix_error(errno, Access::write, "open the lock file", path);
}

Result<std::optional<FileLock>> FileLock::open_to_read(const std::filesystem::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd) return std::optional(FileLock(path, std::move(fd)));
  if (errno == ENOENT) return std::optional<FileLock>{};
  return posix_error(errno, Access::read, "open the lock file", path);
}

Result<bool> FileLock::try_lock() {
  return lock(LOCK_EX);
}

Result<bool> FileLock::try_lock_shared() {
  return lock(LOCK_SH);
}

Result<bool> FileLock::lock(int operation) {
  if (::flock(fd_.get(), operation | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK || errno == EINTR) return false;
  return posix_error(errno, Access::write, "lock", path_);
}

bool FileLock::has_name() const {
  return os::has_name(fd_.get(), path_);
}

Result<void> FileLock::write_note(std::string_view note) {
  if (::ftruncate(fd_.get(), 0) != 0 || ::lseek(fd_.get(), 0, SEEK_SET) != 0)
    return posix_error(errno, Access::write, "write", path_);
  return write_all(fd_.get(), note, path_);
}

Result<std::string> FileLock::read_note() const {
  constexpr std::size_t kNoteBytes = 32;
  if (::lseek(fd_.get(), 0, SEEK_SET) != 0) return posix_error(errno, Access::read, "read", path_);
  return read_all(fd_.get(), kNoteBytes, path_);
}

}  // namespace sdp::os
