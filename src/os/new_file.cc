#include "os/new_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/clock.h"
#include "base/retry.h"
#include "os/files.h"
#include "os/same_file.h"

namespace sdp::os {
namespace {

constexpr std::size_t kBufferBytes = 64 << 10;
constexpr std::chrono::milliseconds kPause{5};

/// False while somebody else has it. A file system without locks lets everybody have it.
bool have(const UniqueFd& file) {
  return ::flock(file.get(), LOCK_EX | LOCK_NB) == 0 || (errno != EWOULDBLOCK && errno != EINTR);
}

/// Removes what is there of a process that was killed: false while somebody writes it. Only who has a file
/// may remove its name.
Result<bool> clear(const std::filesystem::path& unfinished) {
  const UniqueFd other(::open(unfinished.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!other && errno == ENOENT) return true;
  if (other && !have(other)) return false;
  if (other && !has_name(other.get(), unfinished)) return true;
  if (::unlink(unfinished.c_str()) == 0 || errno == ENOENT) return true;
  return posix_error(errno, Access::write, "write", unfinished);
}

/// The file under its unfinished name, new and ours alone; nothing when somebody else was quicker.
Result<UniqueFd> make(const std::filesystem::path& unfinished, mode_t mode) {
  UniqueFd file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!file && errno != EEXIST) return posix_error(errno, Access::write, "write", unfinished);
  // Until it is locked it looks like one of a killed process.
  if (!file || !have(file) || !has_name(file.get(), unfinished)) return UniqueFd();
  return file;
}

}  // namespace

Result<NewFile> NewFile::open(std::filesystem::path path, mode_t mode, std::chrono::milliseconds patience) {
  SDP_RETURN_IF_ERROR(check_replaceable(path));
  auto unfinished = path;
  unfinished += ".new";
  Result<UniqueFd> file = UniqueFd();
  base::try_until(base::system_clock(), patience, kPause, [&] {
    const auto cleared = clear(unfinished);
    if (!cleared) file = std::unexpected(cleared.error());
    if (cleared && *cleared) file = make(unfinished, mode);
    return !file || *file;
  });
  if (!file) return std::unexpected(file.error());
  if (!*file) {
    return fail(ErrorKind::fenced,
                fmt::format("cannot write {}: another process writes it just now; wait for it, "
                            "or name another path",
                            path.string()));
  }
  return NewFile(std::move(path), std::move(unfinished), *std::move(file));
}

NewFile::NewFile(std::filesystem::path path, std::filesystem::path unfinished, UniqueFd file)
    : path_(std::move(path)), unfinished_(std::move(unfinished)), file_(std::move(file)) {}

NewFile::NewFile(NewFile&& other) noexcept
    : path_(std::move(other.path_)),
      unfinished_(std::exchange(other.unfinished_, {})),
      file_(std::move(other.file_)),
      buffer_(std::move(other.buffer_)) {}

NewFile::~NewFile() {
  if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
}

Result<void> NewFile::append(std::string_view text) {
  if (text.size() >= kBufferBytes) {
    SDP_RETURN_IF_ERROR(flush());
    return write_all(file_.get(), text, unfinished_);
  }
  buffer_ += text;
  return buffer_.size() < kBufferBytes ? Result<void>{} : flush();
}

Result<void> NewFile::flush() {
  SDP_RETURN_IF_ERROR(write_all(file_.get(), buffer_, unfinished_));
  buffer_.clear();
  return {};
}

Result<void> NewFile::finish() {
  SDP_RETURN_IF_ERROR(flush());
  SDP_RETURN_IF_ERROR(sync_file(file_.get(), unfinished_));
  if (::rename(unfinished_.c_str(), path_.c_str()) != 0)
    return posix_error(errno, Access::write, "write", path_);
  unfinished_.clear();
  return {};
}

}  // namespace sdp::os
