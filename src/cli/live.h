#pragma once

#include <optional>
#include <stop_token>

#include "base/result.h"
#include "cli/command.h"
#include "cli/pipeline.h"
#include "cli/rejected.h"

namespace sdp::cli {

/// What the rounds have come to.
struct KeptUp {
  load::LoadSummary loaded;  ///< of the last load: it may have been done in part
  /// What the marts leave out; nothing as long as there are none.
  std::optional<Rejected> rejected;
};

/// Keeps the marts up to date while the lake grows, until `stop`. A round: 1. load what is new in the lake;
/// 2. when there was something, or may be something that another run left unbuilt, build and test the
/// marts; 3. publish them. A round that fails is told, and
/// leaves readers what was published before. Where more is rejected than `parts` allow, each round that adds
/// some tells it.
Result<KeptUp> keep_up(const MartParts& parts, const Runtime& runtime, const std::stop_token& stop);

}  // namespace sdp::cli
