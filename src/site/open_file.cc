#include "site/open_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

namespace sdp::site {

Result<std::optional<OpenFile>> OpenFile::open(const std::filesystem::path& path, std::uintmax_t bytes_max) {
  // A pipe would be waited for.
  os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd && errno == ENOENT) return std::optional<OpenFile>{};
  if (!fd) return os::posix_error(errno, os::Access::read, "read", path);
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return os::posix_error(errno, os::Access::read, "read", path);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (!S_ISREG(status.st_mode) || size > bytes_max)
    return fail(ErrorKind::bad_input, "it is larger than any file of a publication");
  OpenFile file{std::string()};
  file.path_ = path;
  file.fd_ = std::move(fd);
  file.file_bytes_ = size;
  file.stamp_ =
      fmt::format("{:x}-{:x}-{:x}{:08x}", status.st_ino, size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
  return std::optional(std::move(file));
}

void OpenFile::wrap(std::string before, std::uint64_t file_bytes, std::string after) {
  before_ = std::move(before);
  file_bytes_ = file_bytes;
  after_ = std::move(after);
}

Result<std::string> OpenFile::next() {
  SDP_TRY(std::string piece, piece_at(at_, kPieceBytes));
  at_ += piece.size();
  return piece;
}

Result<std::string> OpenFile::read() const {
  return piece_at(0, size());
}

Result<std::string> OpenFile::piece_at(std::uint64_t at, std::size_t bytes_max) const {
  std::string piece;
  piece.reserve(std::min<std::uint64_t>(bytes_max, size() - at));
  const auto add_text = [&](std::string_view text, std::uint64_t begin) {
    if (at + piece.size() < begin || at + piece.size() >= begin + text.size()) return;
    piece += text.substr(at + piece.size() - begin, bytes_max - piece.size());
  };
  add_text(before_, 0);
  while (piece.size() < bytes_max && at + piece.size() >= before_.size() &&
         at + piece.size() < before_.size() + file_bytes_) {
    const std::uint64_t begin = at + piece.size() - before_.size();
    const std::size_t used = piece.size();
    const std::size_t wanted = std::min<std::uint64_t>(bytes_max - used, file_bytes_ - begin);
    piece.resize(used + wanted);
    const ssize_t got = ::pread(fd_.get(), piece.data() + used, wanted, static_cast<off_t>(begin));
    const int failure = errno;
    piece.resize(used + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && failure == EINTR) continue;
    if (got < 0) return os::posix_error(failure, os::Access::read, "read", path_);
    if (got == 0) {
      return fail(ErrorKind::bad_input,
                  fmt::format("{}: it became shorter while it was read", path_.string()));
    }
  }
  add_text(after_, before_.size() + file_bytes_);
  return piece;
}

}  // namespace sdp::site
