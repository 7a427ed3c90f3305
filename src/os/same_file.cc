#include "os/same_file.h"

#include <sys/stat.h>

namespace sdp::os {

bool has_name(int fd, const std::filesystem::path& name) {
  struct stat open{};
  struct stat named{};
  return ::fstat(fd, &open) == 0 && ::stat(name.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
         open.st_ino == named.st_ino;
}

}  // namespace sdp::os
