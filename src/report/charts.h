#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "snapshot/snapshot.h"

namespace sdp::report {

// What the charts show, from the rows of a snapshot. Pure. Sums are only made of rows that are all there.

struct Bar {
  std::string label;
  std::uint64_t plays = 0;
};

/// What MART.COUNTRY_DEVICE_HOURLY shows of its latest hours.
struct Hours {
  std::vector<Bar>
      by_hour;  ///< oldest first, label `2026-02-15 17:00`; hours without a play between others too
  std::vector<Bar> by_country;  ///< of the same hours, the most first
  std::vector<Bar> by_device;
  std::uint64_t plays = 0;
  bool is_everything = true;  ///< the mart has no hours before these
};

/// At most the latest `hours_max` hours. Empty without that mart or a row of it, and when its rows are cut in
/// another order than the latest hour first.
Hours latest_hours(const snapshot::Snapshot& snapshot, std::size_t hours_max);

/// The first rows of MART.TOP_SONGS: `Song · Artist`.
std::vector<Bar> top_songs(const snapshot::Snapshot& snapshot, std::size_t songs_max);

}  // namespace sdp::report
