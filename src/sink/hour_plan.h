#pragma once

#include <span>
#include <string>
#include <vector>

#include "lake/hour_marker.h"

namespace sdp::sink {

/// An object of a chain, as its key tells.
struct HourObject {
  std::string key;
  log::Offset first = 0;
  lake::Hour hour;
};

/// An hour that can be closed: its offsets, and the objects that start among them.
struct Closing {
  lake::Hour hour;
  lake::OffsetRange range;
  std::vector<std::string> keys;  ///< in offset order
};

/// How many hours are closed at a time; a longer absence is caught up in several goes.
inline constexpr std::size_t kClosingsMax = 24 * 31;

/// Divides a chain's offsets from `at` on into hours from `open` to `through`, dense and in order. An object
/// is of its key's hour, or of the hour of the object before it when the broker's clock went back, but of no
/// hour that is closed. The last hour ends where the first object behind it starts, or else at `chain_end`.
/// Pure.
std::vector<Closing> plan_closings(lake::Hour open, log::Offset at, std::span<const HourObject> objects,
                                   log::Offset chain_end, lake::Hour through);

}  // namespace sdp::sink
