#include "cli/disks.h"

#include <fmt/format.h>

#include <system_error>

#include "os/files.h"

namespace sdp::cli {

namespace fs = std::filesystem;

Result<std::uintmax_t> free_bytes(const fs::path& path) {
  std::error_code failure;
  const fs::space_info space = fs::space(os::existing_ancestor(fs::absolute(path, failure)), failure);
  if (!failure) return space.available;
  return fail(ErrorKind::unauthorized,
              fmt::format("{} cannot be looked at: {}", path.string(), failure.message()));
}

void tell_disks(std::string_view command, std::span<const DiskInUse> disks, metrics::Registry& registry) {
  for (const DiskInUse& disk : disks) {
    if (const auto bytes = free_bytes(disk.path))
      registry.gauge("disk_free_bytes", {command, disk.place}).Set(static_cast<double>(*bytes));
  }
}

}  // namespace sdp::cli
