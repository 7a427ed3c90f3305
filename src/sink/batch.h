#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "lake/line.h"
#include "lake/object_key.h"
#include "lake/object_meta.h"
#include "lake/offset_range.h"
#include "lake/places.h"

namespace sdp::sink {

/// When an open batch is cut into an object. Whichever limit is met first cuts; none of them is part of an
/// object's name, so they may differ between sinks and change at any time.
struct BatchLimits {
  std::int64_t records_max = 100'000;
  std::size_t bytes_max = std::size_t{16} << 20;          ///< of lines, before compression
  std::chrono::milliseconds linger{10'000};               ///< since the batch's first record
  std::chrono::milliseconds idle{3'000};                  ///< since its last record
  std::size_t buffer_bytes_max = std::size_t{256} << 20;  ///< of all batches of this sink, in flight or not
  /// In place of linger and idle where a size was asked for; see prefer_size().
  std::chrono::milliseconds max_wait{60'000};
};

/// Which of the limits somebody asked for; the others have their defaults.
struct AskedLimits {
  bool size = false;  ///< records_max or bytes_max
  bool linger = false;
  bool idle = false;
  bool max_wait = false;
};

/// A size that was asked for is what cuts: linger and idle become `max_wait`, unless they were asked for,
/// too. Otherwise slow partitions would never fill an object.
void prefer_size(BatchLimits& limits, const AskedLimits& asked);

enum class CutReason { records, bytes, linger, hour, idle, memory, shutdown };
std::string_view name(CutReason reason);

/// Lines of consecutive records of one partition, not yet an object.
/// Invariant: range.first is where the chain ended before it; range.end is its last record's offset + 1.
struct Batch {
  std::uint64_t generation = 0;  ///< the assignment it was built in
  lake::ChainId chain;
  lake::OffsetRange range;
  std::int64_t records = 0;
  std::int64_t rejected = 0;
  std::map<lake::RejectCode, std::int64_t> rejected_codes{};  ///< the same, by their codes
  UtcMillis first_timestamp;
  UtcMillis last_timestamp;
  std::optional<lake::OffsetRange> rejected_range{};
  std::optional<log::LeaderEpoch> leader_epoch{};  ///< of the last record
  CutReason reason = CutReason::records;
  std::string lines;
};

lake::ObjectKey key_of(const Batch& batch, lake::Compression compression, const lake::Places& places);
/// Everything of the metadata but sha256 and writer, which the stored body decides.
lake::ObjectMeta meta_of(const Batch& batch, std::string_view topic, const lake::Places& places);

}  // namespace sdp::sink
