#pragma once

#include <string_view>

#include "base/result.h"
#include "warehouse/adbc/session.h"

namespace sdp::warehouse::snowflake {

/// Snowflake's or its driver's error as one of ours, by the documented codes: `retry` for the temporary ones
/// only, `unauthorized` for credentials, roles and rights, `misconfigured` for what settings name and the
/// account lacks, `unavailable` when the server cannot be reached or its warehouse cannot run.
Error classify(std::string_view account, const adbc::DriverError& error);

/// The same for statements that people write: `bad_input` for what is wrong with the statement or with the
/// values that it meets.
Error classify_statement(std::string_view account, const adbc::DriverError& error);

}  // namespace sdp::warehouse::snowflake
