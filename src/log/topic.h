#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/uuid.h"

namespace sdp::log {

/// Position of a record in its partition, from 0. `end` positions are exclusive.
using Offset = std::int64_t;
using Partition = std::int32_t;

/// How often the leader of a partition had changed when a record was appended.
using LeaderEpoch = std::int32_t;

/// The broker's identity of a topic: a topic deleted and created again has another id, and so starts new
/// chains.
using TopicId = Uuid;

enum class TimestampType { create_time, log_append_time };

/// What brokers store a topic's batches in. `producer`: as each producer sends them.
enum class TopicCompression { none, gzip, snappy, lz4, zstd, producer };

constexpr std::string_view name(TopicCompression compression) {
  constexpr std::array<std::string_view, 6> kNames = {"none", "gzip", "snappy", "lz4", "zstd", "producer"};
  return kNames.at(static_cast<std::size_t>(compression));
}

struct TopicInfo {
  std::string name;
  TopicId id;
  Partition partitions = 0;
  bool compacted = false;
  TimestampType timestamp_type = TimestampType::log_append_time;
  std::int64_t message_bytes_max = 0;
  TopicCompression compression = TopicCompression::none;
};

struct TopicSpec {
  std::string name = "spotify-events";
  Partition partitions = 6;
  int replication = 1;
  /// Every client of Kafka reads records that are not compressed; for lz4, snappy and zstd many need a
  /// library more.
  TopicCompression compression = TopicCompression::none;
};

/// Offsets available now: [start, end). Behind `end` there is nothing that a consumer would be given now: it
/// is the high watermark, or where the first open transaction begins.
struct Watermarks {
  Offset start = 0;
  Offset end = 0;
};

}  // namespace sdp::log
