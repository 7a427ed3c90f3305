#include "cli/disks.h"

#include <fmt/format.h>

#include <system_error>

namespace sdp::cli {

namespace fs = std::filesystem;

Result<std::uintmax_t> free_bytes(const fs::path& path) {
  std::error_code failure;
  fs::path at = fs::absolute(path, failure);
  std::error_code unknown;
  while (!fs::exists(at, unknown) && !unknown && at.has_relative_path()) at = at.parent_path();
  const fs::space_info space = fs::space(at, failure);
  if (!failure) return space.available;
  return fail(ErrorKind::unauthorized,
              fmt::format("{} cannot be looked at: {}", path.string(), failure.message()));
}

}  // namespace sdp::cli
