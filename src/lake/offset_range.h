#pragma once

#include <string>

#include "log/topic.h"

namespace sdp::lake {

/// Offsets [first, end) of one partition. An object's range starts where its chain ended before it, so that
/// ranges tile: holes that the log itself has (transaction markers) lie inside a range.
struct OffsetRange {
  log::Offset first = 0;
  log::Offset end = 0;

  bool empty() const { return end <= first; }
  auto operator<=>(const OffsetRange&) const = default;
};

/// A chain: the ranges of one partition of one topic id.
struct ChainId {
  log::TopicId topic_id;
  log::Partition partition = 0;

  auto operator<=>(const ChainId&) const = default;
};

/// `p3 of topic id 1a2b3c4d-...`
std::string describe(const ChainId& chain);

}  // namespace sdp::lake
