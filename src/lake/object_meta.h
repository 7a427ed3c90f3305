#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "lake/offset_range.h"

namespace sdp::lake {

/// What an object says of itself in its metadata (docs/formats/object-metadata.md).
/// Invariants: range not empty; 1 <= records <= range length; rejected <= records; records counts all lines.
struct ObjectMeta {
  std::string topic;
  ChainId chain;
  OffsetRange range;
  std::int64_t records = 0;  ///< lines, rejected ones included
  std::int64_t rejected = 0;
  /// Of the first record, and of the last; layout 1 draws both to the years 1970 to 9999.
  UtcMillis first_timestamp;
  UtcMillis last_timestamp;
  std::string sha256;  ///< of the body as stored, 64 hex digits
  std::string writer;  ///< `spotify-pipeline/0.1.0`

  // From layout 2 on.

  /// Of the last line without its end, 64 hex digits; empty in layout 1.
  std::string last_line_sha256{};
  /// From the first rejected line to behind the last one; nothing when there is none, and in layout 1.
  std::optional<OffsetRange> rejected_range{};
  /// The epoch of the leader that appended the last record, where the log tells.
  std::optional<log::LeaderEpoch> leader_epoch{};

  bool operator==(const ObjectMeta&) const = default;
};

std::map<std::string, std::string> to_metadata(const ObjectMeta& meta);
/// `bad_input` names the missing or bad entry.
Result<ObjectMeta> meta_from(const std::map<std::string, std::string>& metadata);

/// Whether two puts were of the same bytes for the same place: an object that is there already is then an
/// earlier put whose answer was lost, whoever wrote it.
bool is_same_object(const ObjectMeta& one, const ObjectMeta& other);

}  // namespace sdp::lake
