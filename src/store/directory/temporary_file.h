#pragma once

#include <chrono>
#include <filesystem>

#include "base/clock.h"
#include "os/posix_file.h"

namespace sdp::store {

/// A new file of ours alone, which vanishes unless it is linked or moved away. Its lock (flock) tells a
/// sweep, also one in another container, that its writer lives.
class TemporaryFile {
 public:
  static Result<TemporaryFile> create(const std::filesystem::path& folder);
  TemporaryFile(TemporaryFile&&) = default;
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile();

  const std::filesystem::path& path() const { return path_; }
  Result<void> fill(std::string_view bytes, bool sync);
  /// Gives the file its final name, replacing a file of that name. 0 or errno.
  int move_to(const std::filesystem::path& target);

 private:
  TemporaryFile(os::UniqueFd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {}

  os::UniqueFd fd_;
  std::filesystem::path path_;  // empty once moved away
};

/// Removes temporary files which nobody holds and which are older than `stale_after`. Best effort: a reader
/// without write access may call it.
void sweep_temporary_files(const std::filesystem::path& folder, std::chrono::milliseconds stale_after,
                           const Clock& clock);

}  // namespace sdp::store
