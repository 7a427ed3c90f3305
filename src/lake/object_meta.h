#pragma once

#include <map>
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
  UtcMillis first_timestamp;  ///< of the first record
  UtcMillis last_timestamp;   ///< of the last record
  std::string sha256;         ///< of the body as stored, 64 hex digits
  std::string writer;         ///< `spotify-pipeline/0.1.0`

  bool operator==(const ObjectMeta&) const = default;
};

std::map<std::string, std::string> to_metadata(const ObjectMeta& meta);
/// `bad_input` names the missing or bad entry.
Result<ObjectMeta> meta_from(const std::map<std::string, std::string>& metadata);

}  // namespace sdp::lake
