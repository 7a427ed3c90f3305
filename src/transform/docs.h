#pragma once

#include <stop_token>
#include <string>

#include "base/result.h"
#include "transform/transform.h"

namespace sdp::transform {

/// dbt's own documentation of the project, as the last run() in the work folder built it: one page of HTML
/// that needs no other file. Asks the warehouse for its columns, and changes nothing in it. `misconfigured`
/// when no run() was there; otherwise errors as those of run().
Result<std::string> make_docs(const TransformOptions& options, std::stop_token stop = {});

}  // namespace sdp::transform
