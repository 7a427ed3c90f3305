#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string_view>

#include "base/result.h"
#include "log/event_log.h"

namespace sdp::log {

/// Holds a handler to its word: one absolute start for each partition it was assigned, and for no other.
inline Result<void> check_starts(std::string_view topic, std::span<const Partition> assigned,
                                 std::span<const PartitionOffset> starts) {
  for (const Partition partition : assigned) {
    const auto of_partition = [&](const PartitionOffset& start) {
      return start.partition == partition && start.offset >= 0;
    };
    if (starts.size() != assigned.size() || std::ranges::count_if(starts, of_partition) != 1) {
      return fail(ErrorKind::fatal,
                  fmt::format("{}/{}: the reader did not name one offset to start at for each of the {} "
                              "partitions it was assigned",
                              topic, partition, assigned.size()));
    }
  }
  return {};
}

}  // namespace sdp::log
