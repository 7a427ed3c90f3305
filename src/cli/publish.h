#pragma once

#include <filesystem>
#include <optional>

#include "base/result.h"
#include "cli/command.h"
#include "cli/settings.h"

namespace sdp::cli {

/// Publishes what people read of a DuckDB warehouse (docs/formats/published.md), logs that, and returns the
/// path under which readers find it. Nothing when the settings say `none`, and for Snowflake, which any
/// number of readers may ask itself.
Result<std::optional<std::filesystem::path>> publish_marts(const WarehouseSettings& warehouse,
                                                           const Runtime& runtime);

}  // namespace sdp::cli
