#include "os/posix_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace sdp::os {
namespace {

std::string_view advice(int code, Access access) {
  switch (code) {
    case ENOSPC:
      return "free some space on that file system, then run again";
    case EDQUOT:
      return "the disk quota is used up: free some space or raise it, then run again";
    case ENOENT:
      return access == Access::write ? "make the folder first, or choose another one" : "";
    case EROFS:
      return "that file system is mounted read-only: remount it, or choose another directory";
    case EACCES:
    case EPERM:
      return "check the owner and the rights of that path, or choose another directory";
    case EFBIG:
      return "the file is larger than this process or file system allows (ulimit -f)";
    case ENOTDIR:
    case EISDIR:
      return "a file stands where a folder must be, or a folder where a file must be";
    case ENAMETOOLONG:
      return "a file name has at most 255 bytes, and a path 4095";
    case EMFILE:
    case ENFILE:
      return "too many open files: raise the limit (ulimit -n)";
    case EIO:
      return "the disk failed: check the system log";
    case ENOLCK:
    case ENOSYS:
    case EOPNOTSUPP:
      return "that file system has no locks, or cannot do this: choose a local one";
    default:
      return "";
  }
}

}  // namespace

UniqueFd::~UniqueFd() {
  if (fd_ >= 0) ::close(fd_);
}

ErrorKind kind_of_errno(int code, Access access) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EROFS:
    case EFBIG:
      return ErrorKind::cannot_write;
    // To be written into a folder that is not there.
    case ENOENT:
      return access == Access::write ? ErrorKind::cannot_write : ErrorKind::fatal;
    case EACCES:
    case EPERM:
      return access == Access::write ? ErrorKind::cannot_write : ErrorKind::unauthorized;
    case ENOTDIR:
    case EISDIR:
    case ENAMETOOLONG:
    case ELOOP:
      return ErrorKind::bad_input;
    case ENOLCK:
    case ENOSYS:
    case EOPNOTSUPP:
      return ErrorKind::misconfigured;
    default:
      return ErrorKind::fatal;
  }
}

std::unexpected<Error> posix_error(int code, Access access, std::string_view action,
                                   const std::filesystem::path& path) {
  const std::string_view hint = advice(code, access);
  return fail(kind_of_errno(code, access),
              fmt::format("cannot {} {}: {}{}{}", action, path.string(),
                          std::generic_category().message(code), hint.empty() ? "" : "; ", hint));
}

Result<void> write_all(int fd, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return posix_error(errno, Access::write, "write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<std::string> read_all(int fd, std::size_t size_hint, const std::filesystem::path& path,
                             std::size_t bytes_max) {
  const auto too_large = [&] {
    return fail(ErrorKind::bad_input, fmt::format("{} has more than {} bytes", path.string(), bytes_max));
  };
  if (size_hint > bytes_max) return too_large();
  std::string bytes(size_hint + 1, '\0');
  std::size_t used = 0;
  for (;;) {
    if (used == bytes.size()) bytes.resize(bytes.size() * 2);
    const ssize_t got = ::read(fd, bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return posix_error(errno, Access::read, "read", path);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > bytes_max) return too_large();
  }
  bytes.resize(used);
  return bytes;
}

Result<void> sync_file(int fd, const std::filesystem::path& path) {
  if (::fsync(fd) != 0) return posix_error(errno, Access::write, "make durable", path);
  return {};
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  SDP_TRY(const bool there, sync_folder_if_there(folder));
  if (!there) return posix_error(ENOENT, Access::write, "open the folder", folder);
  return {};
}

Result<bool> sync_folder_if_there(const std::filesystem::path& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return false;
  if (!fd) return posix_error(errno, Access::write, "open the folder", folder);
  SDP_RETURN_IF_ERROR(sync_file(fd.get(), folder));
  return true;
}

}  // namespace sdp::os
