#pragma once

#include <string>

#include "transform/transform.h"
#include "warehouse/warehouse.h"

namespace sdp::cli {

/// Whether dbt would change nothing, which is found without it: the last build of this work folder was by the
/// same project, closed its batch, and is the last one that the warehouse knows; every object that is loaded
/// was in it, and all tables that it made are there. False in all cases of doubt. `project`: its digest.
bool nothing_is_new(const transform::TransformOptions& options, const std::string& project,
                    warehouse::Warehouse& warehouse);

/// Notes a build that ended well, for nothing_is_new(). That it could not be noted costs the next build some
/// seconds, and does not fail this one.
void note_build(const transform::TransformOptions& options, const std::string& project,
                warehouse::Warehouse& warehouse);

}  // namespace sdp::cli
