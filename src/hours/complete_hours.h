#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hours/hour_folders.h"

namespace sdp::hours {

/// The last complete hour of a topic id, and how far that is in each partition: what starts below is of this
/// hour or an earlier one. Partitions that begin later stand at 0.
struct CompleteThrough {
  lake::Hour hour;
  std::map<log::Partition, log::Offset> next;
};

/// By topic id (its first 8 hex digits, as in keys), the last complete hour that is not behind `to`. Topic
/// ids without a complete hour are left out. Reads markers from the newest backwards until each topic id has
/// its answer.
Result<std::map<std::string, CompleteThrough>> read_complete(store::ObjectStore& store,
                                                             std::optional<lake::Hour> to = std::nullopt);

struct HourStatus {
  lake::Hour hour;
  bool complete = false;
  int partitions_closed = 0;
  std::int64_t records = 0;  ///< of the partitions that closed it
};

/// The newest hours of a topic id that have objects or markers, ascending, `count` at most.
Result<std::vector<HourStatus>> newest_hours(store::ObjectStore& store, const log::TopicId& topic_id,
                                             std::size_t count);

}  // namespace sdp::hours
