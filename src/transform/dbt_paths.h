#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "transform/transform.h"

namespace sdp::transform {

/// Where dbt leaves what it made of the project.
std::filesystem::path target_path(const TransformOptions& options);
/// How each model and test ended, of the last run alone.
std::filesystem::path results_path(const TransformOptions& options);
/// What dbt and the project's profiles read.
std::map<std::string, std::string> dbt_environment(const TransformOptions& options);

}  // namespace sdp::transform
