#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace sdp::event {

/// An RFC 3339 date-time in UTC: `YYYY-MM-DDTHH:MM:SS[.1-9 digits](Z or +HH:MM or -HH:MM)`, `t` and `z` in
/// either case, a real date, hours 0-23, offsets up to 23:59, no second 60. The fraction is cut to
/// milliseconds. Nothing otherwise. Our own formats have base::parse_iso, which is stricter.
std::optional<UtcMillis> parse_rfc3339(std::string_view text);

}  // namespace sdp::event
