#pragma once

#include <optional>
#include <string>

#include "transform/transform.h"

namespace sdp::transform {

/// SHA-256 of everything that decides what dbt makes of the same rows: the project's files with their paths,
/// the mapping, and which dbt it is. Nothing when that cannot be told: a file cannot be read, or there is too
/// much of it.
std::optional<std::string> project_digest(const TransformOptions& options);

}  // namespace sdp::transform
