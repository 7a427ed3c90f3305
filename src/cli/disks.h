#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "metrics/registry.h"

namespace sdp::cli {

/// With less, a load or a build of a million events may fill a disk: `doctor` fails, and an alert fires.
inline constexpr std::uintmax_t kFreeMin = std::uintmax_t{1} << 30;

/// Where a command writes on this machine.
struct DiskInUse {
  std::string place;  ///< `lake`, `warehouse`, `published` or `work`
  std::filesystem::path path;
};

/// What the disk has free that a path is on, or will be on once it is there.
Result<std::uintmax_t> free_bytes(const std::filesystem::path& path);

/// Says in `registry` what the disks that a command writes to have free. One that cannot be looked at is left
/// out.
void tell_disks(std::string_view command, std::span<const DiskInUse> disks, metrics::Registry& registry);

}  // namespace sdp::cli
