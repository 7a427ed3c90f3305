#include "os/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "os/posix_file.h"

namespace sdp::os {

Result<void> open_standard_streams() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number is the one that is given out. Child processes inherit it, as they do the others.
    if (::open("/dev/null", O_RDWR) != descriptor)
      return posix_error(errno, Access::read, "open", "/dev/null");
  }
  return {};
}

}  // namespace sdp::os
