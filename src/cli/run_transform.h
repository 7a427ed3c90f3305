#pragma once

#include <stop_token>

#include "base/result.h"
#include "transform/transform.h"

namespace sdp::cli {

/// dbt, and lineage of it when a collector is set, however dbt ended; logs both. That lineage could not be
/// sent changes nothing: the marts are as they are.
Result<transform::TransformSummary> run_transform(const transform::TransformOptions& options,
                                                  const std::stop_token& stop);

}  // namespace sdp::cli
