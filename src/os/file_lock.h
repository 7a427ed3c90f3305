#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "os/posix_file.h"

namespace sdp::os {

/// A lock on a file (flock), among all who open it, in this process too: one may have it, or any number may
/// share it. The kernel drops the lock of a process that dies.
class FileLock {
 public:
  /// Opens the file, or makes it; it is not locked yet. Errors as posix_error.
  static Result<FileLock> open(const std::filesystem::path& path, mode_t mode = 0644);

  /// The same; nothing when the folder that it is to be in is not there.
  static Result<std::optional<FileLock>> open_in_folder(const std::filesystem::path& path,
                                                        mode_t mode = 0644);

  /// Opens the file to be read, and makes none: nothing when it is not there.
  static Result<std::optional<FileLock>> open_to_read(const std::filesystem::path& path);

  /// False when somebody else holds or shares it.
  Result<bool> try_lock();
  /// False when somebody else holds it.
  Result<bool> try_lock_shared();

  /// Whether the path still leads to this file. Where it does not, somebody removed or renamed it between our
  /// opening and locking it, and others lock another one.
  bool has_name() const;

  /// For the holder: what others may read of it, such as its process id.
  Result<void> write_note(std::string_view note);
  /// What the holder wrote; empty when it wrote nothing.
  Result<std::string> read_note() const;

 private:
  FileLock(std::filesystem::path path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  Result<bool> lock(int operation);

  std::filesystem::path path_;
  UniqueFd fd_;
};

}  // namespace sdp::os
