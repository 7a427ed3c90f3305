#pragma once

#include <chrono>
#include <filesystem>
#include <string_view>

#include "base/clock.h"
#include "store/directory/posix_file.h"

namespace sdp::store {

/// Mutual exclusion of the writers of one key, in this and other processes, while a put moves its two files
/// into place. The kernel drops the lock of a process that dies. Keys share a fixed number of lock files.
class ShardLock {
 public:
  /// `unavailable` when another writer holds the shard for longer than `wait_max` (a stopped process).
  static Result<ShardLock> acquire(const std::filesystem::path& folder, std::string_view key,
                                   std::chrono::milliseconds wait_max, Clock& clock);

 private:
  explicit ShardLock(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace sdp::store
