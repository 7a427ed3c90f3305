#pragma once

#include "cli/command.h"

namespace sdp::cli {

/// `tap log`, `tap lake` and `tap rejected`.
void define_tap(settings::Commands& commands, Action& action);

}  // namespace sdp::cli
