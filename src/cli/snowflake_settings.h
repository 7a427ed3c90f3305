#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "warehouse/snowflake/options.h"

namespace sdp::cli {

/// How to reach Snowflake, from the environment (or `.env`), under the names that the original's `.env` has:
/// SNOWFLAKE_ACCOUNT, _USER, _PASSWORD or _PRIVATE_KEY_FILE and _PRIVATE_KEY_PASSPHRASE, _ROLE, _WAREHOUSE,
/// _DATABASE; _HOST, _PORT and _PROTOCOL for an emulator; SNOWFLAKE_ADBC_DRIVER for a driver that
/// `tools/setup snowflake` did not fetch. `misconfigured` names what is missing.
Result<warehouse::snowflake::SnowflakeOptions> snowflake_options();

/// The same for dbt, whose profile has no defaults of its own. Secrets are in our environment already.
std::map<std::string, std::string> snowflake_environment();

}  // namespace sdp::cli
