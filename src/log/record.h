#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "log/topic.h"

namespace sdp::log {

struct HeaderView {
  std::string_view name;
  std::optional<std::string_view> value;
};

/// Where a record is, and its time.
struct RecordStamp {
  Offset offset = 0;
  UtcMillis timestamp;

  bool operator==(const RecordStamp&) const = default;
};

/// Why a record batch cannot be read.
enum class BatchFault {
  too_large,      ///< decompressed it has more bytes or records than a reader takes
  undecodable,    ///< its codec cannot decompress it
  bad_checksum,   ///< its bytes are not those that its checksum was made of
  unknown_codec,  ///< compressed by no known codec, or in no known format
  malformed,      ///< it does not hold the records that its header promises
};

/// Offsets [first, end) of one batch of the log, of which no reader is given a record.
struct UnreadableBatch {
  Partition partition = 0;
  Offset first = 0;
  Offset end = 0;
  BatchFault fault = BatchFault::undecodable;

  bool operator==(const UnreadableBatch&) const = default;
};

/// What Kafka gives where there is no time. A batch that cannot be read has none: its header may be wrong,
/// too.
inline constexpr UtcMillis kTimeOfUnreadable{std::chrono::milliseconds(-1)};

/// One consumed record. Views are valid only during the call that delivers it.
struct RecordView {
  Partition partition = 0;
  Offset offset = 0;
  /// The broker's append time for a LogAppendTime topic.
  UtcMillis timestamp;
  std::optional<std::string_view> key;
  /// Nothing is a tombstone; an empty value is not the same.
  std::optional<std::string_view> value;
  std::vector<HeaderView> headers;
  /// Of the leader that appended it; nothing where the log does not tell.
  std::optional<LeaderEpoch> leader_epoch{};
  /// `headers` in Kafka's encoding, for who reads them apart; nothing where the log has another one.
  std::optional<std::string_view> headers_encoded{};
};

}  // namespace sdp::log
