#pragma once

#include <filesystem>
#include <stop_token>

#include "base/result.h"
#include "transform/transform.h"

namespace sdp::transform {

/// Whether our environment names a collector of OpenLineage events: OPENLINEAGE_URL, OPENLINEAGE_CONFIG or
/// OPENLINEAGE__TRANSPORT…, and no OPENLINEAGE_DISABLED. (openlineage.io/docs/client/python/configuration)
bool lineage_is_wanted();

/// Tells the collector what the last run() did: START and COMPLETE or FAIL of each model and test, with the
/// tables that it read and wrote. Nothing to tell is not an error. `misconfigured` when the sender is
/// missing, `unavailable` when an event could not be sent or the time is used up, `interrupted` on a stop
/// request, `fatal` when the sender itself failed.
Result<void> send_lineage(const TransformOptions& options, std::stop_token stop = {});

/// Where send_lineage() puts the sender's output.
std::filesystem::path lineage_log_path(const TransformOptions& options);

}  // namespace sdp::transform
