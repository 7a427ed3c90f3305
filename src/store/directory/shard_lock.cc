#include "store/directory/shard_lock.h"

#include <fmt/format.h>

#include <cstdint>

namespace sdp::store {
namespace {

// Part of the format: writers of different versions must meet at the same file.
constexpr std::uint64_t kShards = 64;
constexpr std::chrono::milliseconds kPollEvery{1};

// FNV-1a, 64 bits.
std::uint64_t shard_of(std::string_view key) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : key) hash = (hash ^ static_cast<std::uint8_t>(c)) * 1099511628211ULL;
  return hash % kShards;
}

}  // namespace

Result<os::FileLock> lock_shard(const std::filesystem::path& folder, std::string_view key,
                                std::chrono::milliseconds wait_max, Clock& clock) {
  const std::filesystem::path path = folder / fmt::format("{:02}", shard_of(key));
  SDP_TRY(auto lock, os::FileLock::open(path, 0666));
  const SteadyTime give_up = clock.steady_now() + wait_max;
  for (;;) {
    SDP_TRY(const bool locked, lock.try_lock());
    if (locked) return lock;
    if (clock.steady_now() >= give_up) {
      return fail(
          ErrorKind::unavailable,
          fmt::format(
              "another process holds {} for more than {} ms while {} is to be written; it seems to be "
              "stopped: find it with `fuser {}` and continue or end it",
              path.string(), wait_max.count(), key, path.string()));
    }
    clock.sleep_for(kPollEvery);
  }
}

}  // namespace sdp::store
