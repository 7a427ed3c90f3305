#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace sdp::os {

/// Owns a file descriptor, of a socket or a process too.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

enum class Access { read, write };

/// The one place where errno values become kinds.
ErrorKind kind_of_errno(int code, Access access);
/// `cannot write data/lake/x: No space left on device; free some space ...`
std::unexpected<Error> posix_error(int code, Access access, std::string_view action,
                                   const std::filesystem::path& path);

Result<void> write_all(int fd, std::string_view bytes, const std::filesystem::path& path);
/// What may be read of a file as a whole, unless something else is said: as of an object on S3.
inline constexpr std::size_t kReadBytesMax = std::size_t{1} << 30;
/// The whole file; `size_hint` bytes are expected. `bad_input` when there are more than `bytes_max`.
Result<std::string> read_all(int fd, std::size_t size_hint, const std::filesystem::path& path,
                             std::size_t bytes_max = kReadBytesMax);
Result<void> sync_file(int fd, const std::filesystem::path& path);
/// Makes the names in a folder durable.
Result<void> sync_folder(const std::filesystem::path& folder);
/// The same of a folder that another process may remove. False when it is gone, and its names with it.
Result<bool> sync_folder_if_there(const std::filesystem::path& folder);

}  // namespace sdp::os
