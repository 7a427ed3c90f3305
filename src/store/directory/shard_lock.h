#pragma once

#include <chrono>
#include <filesystem>
#include <string_view>

#include "base/clock.h"
#include "os/file_lock.h"

namespace sdp::store {

/// Mutual exclusion of the writers of one key, in this and other processes, while a put moves its two files
/// into place. Keys share a fixed number of lock files in `folder`. `unavailable` when another writer holds
/// the shard for longer than `wait_max` (a stopped process).
Result<os::FileLock> lock_shard(const std::filesystem::path& folder, std::string_view key,
                                std::chrono::milliseconds wait_max, Clock& clock);

}  // namespace sdp::store
