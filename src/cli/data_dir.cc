#include "cli/data_dir.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

namespace sdp::cli {
namespace {

std::string holder_of(int lock) {
  char text[32] = {};
  const ssize_t size = pread(lock, text, sizeof text - 1, 0);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : "unknown";
}

}  // namespace

Result<DataDir> DataDir::open(const std::filesystem::path& path) {
  std::error_code failure;
  std::filesystem::create_directories(path, failure);
  if (failure) {
    return fail(ErrorKind::cannot_write, fmt::format("data directory {}: {}; choose another with --data",
                                                     path.string(), failure.message()));
  }
  const auto lock_path = path / ".lock";
  const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0) {
    return fail(ErrorKind::cannot_write, fmt::format("data directory {}: {}; choose another with --data",
                                                     path.string(), std::strerror(errno)));
  }
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const std::string holder = holder_of(lock);
    ::close(lock);
    return fail(ErrorKind::fenced,
                fmt::format("data directory {} is in use by process {}; wait for it, or choose another "
                            "with --data",
                            path.string(), holder));
  }
  const std::string pid = std::to_string(getpid());
  if (ftruncate(lock, 0) != 0 ||
      pwrite(lock, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    const std::string why = std::strerror(errno);
    ::close(lock);
    return fail(ErrorKind::cannot_write,
                fmt::format("data directory {}: {}; free some space, or choose another with --data",
                            path.string(), why));
  }
  return DataDir(path, lock);
}

DataDir::DataDir(DataDir&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataDir::~DataDir() {
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace sdp::cli
