#include <algorithm>
#include <chrono>
#include <map>

#include "cli/status.h"
#include "lake/object_key.h"

namespace sdp::cli {
namespace {

/// What a sink takes at most to write the markers of an hour whose grace is over.
constexpr std::chrono::milliseconds kClosingTakes{60'000};

}  // namespace

std::map<log::Partition, log::Offset> loaded_ends(const snapshot::Ledger& ledger,
                                                  const log::TopicId& topic_id) {
  const std::string topic = lake::short_id(topic_id);
  std::map<log::Partition, log::Offset> ends;
  for (const snapshot::LedgerRow& row : ledger.tail) {
    const auto key = lake::parse_key(row.object_key);
    if (!key || key->topic_id_short != topic) continue;
    log::Offset& end = ends[key->partition];
    end = std::max(end, static_cast<log::Offset>(row.last_offset) + 1);
  }
  return ends;
}

bool is_late(const lake_reader::HourStatus& hour, UtcMillis now, const SinkPace& pace) {
  return !hour.complete && now - (hour.hour + std::chrono::hours(1)) > pace.hour_grace + kClosingTakes;
}

std::optional<std::uint64_t> unpublished(const Status& status) {
  if (!status.published) return std::nullopt;
  const snapshot::Ledger& ledger = status.published->summary.ledger;
  const auto ends = loaded_ends(ledger, status.topic_id);
  const bool is_whole = ledger.objects == ledger.tail.size();
  log::Offset behind = 0;
  for (const PartitionStatus& one : status.partitions) {
    const auto end = ends.find(one.partition);
    // A partition whose last object was loaded long ago is not among the last rows.
    if (end == ends.end() && one.lake_end > 0 && !is_whole) return std::nullopt;
    behind += std::max<log::Offset>(0, one.lake_end - (end == ends.end() ? 0 : end->second));
  }
  return static_cast<std::uint64_t>(behind);
}

}  // namespace sdp::cli
