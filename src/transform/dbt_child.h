#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/child.h"
#include "transform/transform.h"

namespace sdp::transform {

// What calls of dbt have in common, whatever they ask of it.

/// dbt could not begin: its exit code beside 0 for all well and 1 for something that failed.
inline constexpr int kDbtCouldNotBegin = 2;

/// `misconfigured` says which of dbt, its project and the warehouse's folder is missing.
Result<void> check_dbt(const TransformOptions& options);

/// dbt with these arguments, in the warehouse's folder when that is a file; its output goes to `log`.
os::Command dbt_command(const TransformOptions& options, std::vector<std::string> arguments,
                        std::filesystem::path log);

/// Why dbt ended without what it was called for. `fenced` when another process has the warehouse open.
Error dbt_ended_badly(const TransformOptions& options, const os::ChildEnd& end,
                      const std::filesystem::path& log);

}  // namespace sdp::transform
