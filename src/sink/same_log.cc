#include "sink/same_log.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "base/sha256.h"
#include "lake/framed_json.h"
#include "lake/line.h"
#include "lake/places.h"
#include "lake/upgrade_record.h"

namespace sdp::sink {

LastRecord last_record_of(const log::RecordView& record, std::size_t value_bytes_max) {
  LastRecord last{.timestamp = record.timestamp, .leader_epoch = record.leader_epoch};
  const auto add = [&](lake::LineEncoder encoder) {
    std::string line;
    encoder.append(line, record);
    line.pop_back();
    last.line_sha256.push_back(base::sha256_hex(line));
  };
  constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
  for (const std::size_t limit : {value_bytes_max, kNoLimit, std::size_t{0}}) add(lake::LineEncoder(limit));
  // As an earlier version wrote it.
  if (record.value && lake::framed_json(*record.value))
    add(lake::LineEncoder(kNoLimit, lake::LineEncoder::Framed::rejected));
  return last;
}

namespace {

/// Whether the last line of an object can stand for a batch that could not be read: it has neither a time nor
/// a leader, and is rejected. What the log has there now cannot be compared with it.
bool ends_unreadable(const lake::ObjectMeta& object) {
  const lake::Places places(lake::layout_of(object));
  return object.last_timestamp == places.filing_time(log::kTimeOfUnreadable) && !object.leader_epoch &&
         object.rejected > 0 && (!object.rejected_range || object.rejected_range->end == object.range.end);
}

}  // namespace

std::optional<std::string> difference(const lake::ObjectMeta& object,
                                      const std::optional<LastRecord>& record) {
  if (!record) return "the log has no record there";
  if (record->is_unreadable || ends_unreadable(object)) return std::nullopt;
  const auto millis = [](UtcMillis time) { return time.time_since_epoch().count(); };
  // A lake that was upgraded has objects of layout 1, too.
  const lake::Places places(lake::layout_of(object));
  if (const UtcMillis filed = places.filing_time(record->timestamp); filed != object.last_timestamp) {
    return fmt::format("its time is {} ms in the log and {} ms in the lake", millis(filed),
                       millis(object.last_timestamp));
  }
  if (object.leader_epoch && record->leader_epoch && *object.leader_epoch != *record->leader_epoch) {
    return fmt::format("its leader epoch is {} in the log and {} in the lake", *record->leader_epoch,
                       *object.leader_epoch);
  }
  if (!object.last_line_sha256.empty() &&
      std::ranges::find(record->line_sha256, object.last_line_sha256) == record->line_sha256.end()) {
    return "its key, headers or value are others in the log than in the lake";
  }
  return std::nullopt;
}

}  // namespace sdp::sink
