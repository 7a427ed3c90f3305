#include "os/trust.h"

#include <unistd.h>

namespace sdp::os {

bool is_trusted_owner(uid_t owner, std::optional<uid_t> other) {
  return owner == 0 || owner == ::geteuid() || owner == other;
}

bool is_trusted(const std::filesystem::path& path, std::optional<uid_t> other, mode_t writers) {
  struct stat name{};
  struct stat found{};
  return ::lstat(path.c_str(), &name) == 0 && ::stat(path.c_str(), &found) == 0 &&
         is_trusted_owner(name.st_uid, other) && is_trusted_owner(found.st_uid, other) &&
         (found.st_mode & writers) == 0;
}

}  // namespace sdp::os
