#pragma once

#include <string_view>

#include "base/result.h"
#include "cli/settings.h"

namespace sdp::cli {

/// Whether no sink of the group runs, whose members write to the lake; `retry` when one does. `why` is what
/// is about to happen, where that is not plain: `the end of a chain moves back`. `what` is run again: `the
/// upgrade`.
Result<void> check_sinks_stopped(const LogSettings& log, const ServicesSettings& services,
                                 std::string_view group, std::string_view why, std::string_view what);

}  // namespace sdp::cli
