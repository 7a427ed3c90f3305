#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace sdp::base {

/// `2026-02-15T17:52:36.123Z`
std::string format_iso(UtcMillis time);
/// Appends the same 24 characters; the hot path's spelling.
void append_iso(std::string& out, UtcMillis time);
/// `2026-02-15`
std::string format_date(UtcMillis time);
/// `17`
std::string format_hour(UtcMillis time);
/// `2026-02-15T17-52-36`, as in object names: a colon is awkward in file names and URLs.
std::string format_name_time(UtcMillis time);

/// ISO-8601 UTC: `YYYY-MM-DDTHH:MM:SS[.fraction](Z|+00:00)`, fraction of 1-9 digits (cut to milliseconds), a
/// real calendar date, hours 0-23, no leap seconds. Nothing otherwise.
std::optional<UtcMillis> parse_iso(std::string_view text);

}  // namespace sdp::base
