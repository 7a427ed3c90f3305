#pragma once

#include <cstdint>
#include <string>

namespace sdp::verify {

// The times of records as names of objects must have them, worked out here a second time.

/// What an object's metadata must say of a record's time, milliseconds since 1970: itself, or in layout 1 the
/// nearest one of the years 1970 to 9999.
std::int64_t filed_ms(int layout, std::int64_t ms);

/// `date=2026-02-15/hour=17/spotify_events_2026-02-15T17-52-36`, as the key of an object must go on below
/// `bronze/` whose metadata has this time for the first record.
std::string dated_name(std::int64_t ms);

}  // namespace sdp::verify
