#pragma once

#include <stop_token>

#include "base/result.h"
#include "cli/command.h"
#include "cli/pipeline.h"

namespace sdp::cli {

/// Keeps the marts up to date while the lake grows, until `stop`. A round: 1. load what is new in the lake;
/// 2. when there was something, build and test the marts; 3. publish them. A round that fails is told, and
/// leaves readers what was published before. The value is of the last load: it may have been done in part.
Result<load::LoadSummary> keep_up(const MartParts& parts, const Runtime& runtime,
                                  const std::stop_token& stop);

}  // namespace sdp::cli
