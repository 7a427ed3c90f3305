#pragma once

#include <string_view>

#include "base/result.h"

namespace sdp::warehouse::snowflake {

/// `bad_input` unless this is one statement, and a query that only reads (check_reads).
Result<void> check_read_only(std::string_view sql);

}  // namespace sdp::warehouse::snowflake
