#pragma once

#include <cstdint>
#include <string_view>

#include "log/topic.h"

namespace sdp::log {

/// The 32-bit hash of Kafka's Java clients: MurmurHash2 (Austin Appleby, public domain) with their seed.
std::uint32_t murmur2(std::string_view bytes);

/// Where Kafka's default partitioner puts a key, so that a listener has the same partition number in every
/// log.
Partition partition_of(std::string_view key, Partition partitions);

}  // namespace sdp::log
