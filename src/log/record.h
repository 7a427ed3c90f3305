#pragma once

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
