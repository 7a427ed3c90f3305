#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "lake/line.h"
#include "lake/offset_range.h"
#include "log/event_log.h"

namespace sdp::cli {

// The records that a mapping is tried on: the first ones of a text, or the newest ones of a log or a lake.
// Pure.

struct SampleRecord {
  std::string place;                       ///< `record 3`, `spotify-events/3/42`
  std::optional<log::PartitionOffset> at;  ///< nothing of a text's
  std::optional<std::string> value;        ///< nothing of a tombstone, and of a batch that cannot be read
  /// Why it is a rejected line already, or will be one whatever a sink's limits are.
  std::optional<lake::RejectCode> refused;
};

/// The first `count` lines of a text, or elements where it is an array. `bad_input` of an array that is none
/// names `path`.
Result<std::vector<SampleRecord>> records_of(std::string_view text, std::string_view path, std::size_t count);

/// Which offsets of each partition are the newest ones, `wanted` of all partitions together: as many of each,
/// and more where others have less.
std::vector<lake::OffsetRange> newest_offsets(std::span<const log::Watermarks> available,
                                              std::uint64_t wanted);

/// Keeps the newest of the records that it is given, by their times.
class NewestRecords {
 public:
  NewestRecords(std::size_t records_max, std::size_t bytes_max)
      : records_max_(records_max), bytes_max_(bytes_max) {}

  void add(UtcMillis time, SampleRecord record);
  /// As many as there may be.
  bool is_full() const { return has_dropped_ || kept_.size() >= records_max_; }
  /// The newest last.
  std::vector<SampleRecord> take();

 private:
  using Place = std::tuple<UtcMillis, log::Partition, log::Offset>;

  const std::size_t records_max_;
  const std::size_t bytes_max_;
  std::multimap<Place, SampleRecord> kept_;
  std::size_t bytes_ = 0;
  bool has_dropped_ = false;
};

}  // namespace sdp::cli
