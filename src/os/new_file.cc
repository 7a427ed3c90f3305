#include "os/new_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "os/files.h"

namespace sdp::os {
namespace {

constexpr std::size_t kBufferBytes = 64 << 10;

}  // namespace

Result<NewFile> NewFile::open(std::filesystem::path path, mode_t mode) {
  SDP_RETURN_IF_ERROR(check_replaceable(path));
  auto unfinished = path;
  unfinished += ".new";
  ::unlink(unfinished.c_str());
  UniqueFd file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!file) return posix_error(errno, Access::write, "write", unfinished);
  return NewFile(std::move(path), std::move(unfinished), std::move(file));
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
