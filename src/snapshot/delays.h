#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "snapshot/snapshot.h"

namespace sdp::snapshot {

/// An object of a batch. Times are milliseconds since 1970.
struct BatchObject {
  std::uint64_t records = 0;
  std::int64_t first_ms = 0;  ///< time of its first record in the log
  std::int64_t last_ms = 0;
  std::int64_t loaded_ms = 0;
  std::int64_t transformed_ms = 0;
};

/// The delays of all records of these objects, of which each is taken to have come at an even pace. Objects
/// without a time count for nothing.
std::vector<Delay> delays_of(std::span<const BatchObject> objects, std::int64_t published_ms);

}  // namespace sdp::snapshot
