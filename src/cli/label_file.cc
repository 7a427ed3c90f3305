#include "cli/label_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "os/files.h"

namespace sdp::cli {
namespace {

constexpr std::size_t kBufferBytes = 64 << 10;

}  // namespace

Result<LabelFile> LabelFile::open(std::filesystem::path path) {
  SDP_RETURN_IF_ERROR(os::check_replaceable(path));
  auto unfinished = path;
  unfinished += ".new";
  os::UniqueFd file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file) return os::posix_error(errno, os::Access::write, "write", unfinished);
  return LabelFile(std::move(path), std::move(file));
}

LabelFile::LabelFile(std::filesystem::path path, os::UniqueFd file)
    : path_(std::move(path)), unfinished_(path_), file_(std::move(file)) {
  unfinished_ += ".new";
}

LabelFile::LabelFile(LabelFile&& other) noexcept
    : path_(std::move(other.path_)),
      unfinished_(std::exchange(other.unfinished_, {})),
      file_(std::move(other.file_)),
      buffer_(std::move(other.buffer_)) {}

LabelFile::~LabelFile() {
  if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
}

Result<void> LabelFile::append(std::string_view lines) {
  buffer_ += lines;
  return buffer_.size() < kBufferBytes ? Result<void>{} : flush();
}

Result<void> LabelFile::flush() {
  SDP_RETURN_IF_ERROR(os::write_all(file_.get(), buffer_, unfinished_));
  buffer_.clear();
  return {};
}

Result<void> LabelFile::finish() {
  SDP_RETURN_IF_ERROR(flush());
  SDP_RETURN_IF_ERROR(os::sync_file(file_.get(), unfinished_));
  if (::rename(unfinished_.c_str(), path_.c_str()) != 0)
    return os::posix_error(errno, os::Access::write, "write", path_);
  unfinished_.clear();
  return {};
}

Result<std::optional<LabelFile>> open_labels(const std::string& path) {
  if (path.empty()) return std::optional<LabelFile>{};
  SDP_TRY(auto file, LabelFile::open(path));
  return std::optional(std::move(file));
}

}  // namespace sdp::cli
