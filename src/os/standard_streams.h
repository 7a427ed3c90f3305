#pragma once

#include "base/result.h"

namespace sdp::os {

/// Opens /dev/null as each of the descriptors 0 to 2 that is closed. Otherwise the next file would get that
/// number, and what is meant for a terminal would be written into it. Call it before anything else opens a
/// file. Errors as posix_error.
Result<void> open_standard_streams();

}  // namespace sdp::os
