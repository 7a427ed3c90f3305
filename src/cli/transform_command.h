#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "cli/rejected.h"
#include "cli/settings.h"

namespace sdp::cli {

/// What commands need that run dbt and tell what came of it.
struct TransformCommand {
  WarehouseSettings warehouse;
  TransformSettings transform;
  double reject_ratio_max = kRejectRatioMax;
  bool json = false;
};

void bind_transform_command(settings::Command& command, TransformCommand& options);

/// Runs dbt with `arguments` besides its own, and prints what it did and what silver rejects. `rejected` when
/// that is too much.
Result<int> transform_and_tell(const TransformCommand& options, std::vector<std::string> arguments,
                               const Runtime& runtime);

}  // namespace sdp::cli
