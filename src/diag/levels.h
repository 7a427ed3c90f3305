#pragma once

#include <array>
#include <string_view>

#include "base/result.h"
#include "diag/events.h"

namespace sdp::diag {

/// Which events are written: by index in kEvents.
using EnabledEvents = std::array<bool, kEvents.size()>;

/// Reads `LEVEL[,PREFIX=LEVEL]...`, as in `info,sink=warning`: an event is written when its own level is at
/// least that of the longest prefix (whole words between dots) of its name. `misconfigured` names what is
/// wrong.
Result<EnabledEvents> parse_levels(std::string_view text);

}  // namespace sdp::diag
