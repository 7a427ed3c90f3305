#include "hours/complete_hours.h"

#include <algorithm>

#include "lake/object_key.h"

namespace sdp::hours {
namespace {

using Begins = std::map<std::string, std::vector<lake::ChainBegin>>;

Result<std::vector<std::string>> keys_below(store::ObjectStore& store, const std::string& prefix) {
  std::vector<std::string> keys;
  SDP_RETURN_IF_ERROR(store.list(prefix, [&](const store::ListedObject& object) {
    keys.push_back(object.key);
    return true;
  }));
  return keys;
}

/// By topic id; those whose name starts so, or all.
Result<Begins> read_begins(store::ObjectStore& store, const std::string& of = "") {
  SDP_TRY(const auto keys, keys_below(store, std::string(lake::kClosedPrefix) + "begin/" + of));
  Begins begins;
  for (const std::string& key : keys) {
    SDP_TRY(const auto begin, read_begin(store, key));
    if (begin) begins[lake::short_id(begin->chain.topic_id)].push_back(*begin);
  }
  return begins;
}

/// The markers of one hour by topic id.
Result<std::map<std::string, std::vector<lake::HourMarker>>> read_hour(store::ObjectStore& store,
                                                                       const HourFolder& folder,
                                                                       const std::string& of = "") {
  SDP_TRY(const auto keys, keys_below(store, folder.prefix + of));
  std::map<std::string, std::vector<lake::HourMarker>> markers;
  for (const std::string& key : keys) {
    SDP_TRY(auto marker, read_marker(store, key));
    markers[lake::short_id(marker.chain.topic_id)].push_back(std::move(marker));
  }
  return markers;
}

CompleteThrough through(lake::Hour hour, const std::vector<lake::HourMarker>& markers,
                        const std::vector<lake::ChainBegin>& begins) {
  CompleteThrough complete{hour, {}};
  for (const lake::ChainBegin& begin : begins) complete.next[begin.chain.partition] = 0;
  for (const lake::HourMarker& marker : markers) complete.next[marker.chain.partition] = marker.range.end;
  return complete;
}

}  // namespace

Result<std::map<std::string, CompleteThrough>> read_complete(store::ObjectStore& store,
                                                             std::optional<lake::Hour> to) {
  std::map<std::string, CompleteThrough> complete;
  SDP_TRY(const Begins begins, read_begins(store));
  const auto look = [&](const HourFolder& folder) -> Result<bool> {
    if (to && folder.hour > *to) return true;
    SDP_TRY(const auto by_topic, read_hour(store, folder));
    for (const auto& [topic_id, markers] : by_topic) {
      const auto of_topic = begins.find(topic_id);
      if (of_topic == begins.end() || complete.contains(topic_id)) continue;
      if (is_complete(folder.hour, markers, of_topic->second))
        complete[topic_id] = through(folder.hour, markers, of_topic->second);
    }
    return complete.size() < begins.size();
  };
  SDP_RETURN_IF_ERROR(walk_hours(store, lake::kClosedPrefix, Order::newest_first, look));
  return complete;
}

Result<std::vector<HourStatus>> newest_hours(store::ObjectStore& store, const log::TopicId& topic_id,
                                             std::size_t count) {
  const std::string topic_id_short = lake::short_id(topic_id);
  const std::string of = "t" + topic_id_short + "_";
  std::map<lake::Hour, HourStatus> hours;
  const auto look_at_objects = [&](const HourFolder& folder) -> Result<bool> {
    SDP_RETURN_IF_ERROR(store.list(folder.prefix, [&](const store::ListedObject& object) {
      const auto key = lake::parse_key(object.key);
      if (!key || key->topic_id_short != topic_id_short) return true;
      hours[folder.hour].hour = folder.hour;
      return false;
    }));
    return hours.size() < count;
  };
  SDP_RETURN_IF_ERROR(walk_hours(store, lake::kBronzePrefix, Order::newest_first, look_at_objects));
  SDP_TRY(Begins begins, read_begins(store, of));
  std::size_t closed = 0;
  const auto look_at_markers = [&](const HourFolder& folder) -> Result<bool> {
    SDP_TRY(auto by_topic, read_hour(store, folder, of));
    const auto& markers = by_topic[topic_id_short];
    if (markers.empty()) return true;
    HourStatus& status = hours[folder.hour];
    status.hour = folder.hour;
    status.partitions_closed = static_cast<int>(markers.size());
    for (const lake::HourMarker& marker : markers) status.records += marker.records;
    status.complete = is_complete(folder.hour, markers, begins[topic_id_short]);
    return ++closed < count;
  };
  SDP_RETURN_IF_ERROR(walk_hours(store, lake::kClosedPrefix, Order::newest_first, look_at_markers));
  std::vector<HourStatus> newest;
  newest.reserve(hours.size());
  for (const auto& [hour, status] : hours) newest.push_back(status);
  if (newest.size() > count) newest.erase(newest.begin(), newest.end() - static_cast<std::ptrdiff_t>(count));
  return newest;
}

}  // namespace sdp::hours
