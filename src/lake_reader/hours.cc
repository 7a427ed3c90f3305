#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "lake/object_key.h"
#include "lake_reader/hour_walk.h"
#include "lake_reader/lake_reader.h"

namespace sdp::lake_reader {
namespace {

CompleteThrough through(lake::Hour hour, const std::vector<lake::HourMarker>& markers,
                        const std::vector<lake::ChainBegin>& begins) {
  CompleteThrough complete{hour, {}};
  for (const lake::ChainBegin& begin : begins) complete.next[begin.chain.partition] = 0;
  for (const lake::HourMarker& marker : markers) complete.next[marker.chain.partition] = marker.range.end;
  return complete;
}

/// What keys of a topic id begin with.
std::string prefix_of(const log::TopicId& topic_id) {
  return fmt::format("t{}_", lake::short_id(topic_id));
}

}  // namespace

Result<lake::HourMarker> LakeReader::read_marker(const std::string& key) const {
  SDP_TRY(const auto object, store_.get(key));
  auto marker = lake::hour_marker_from_json(object.body);
  if (!marker)
    return std::unexpected(marker.error().in(fmt::format("{}: object {}", store_.describe(), key)));
  return marker;
}

Result<std::optional<lake::ChainBegin>> LakeReader::read_begin(const std::string& key) const {
  SDP_TRY(const auto head, store_.head(key));
  if (!head) return std::optional<lake::ChainBegin>();
  SDP_TRY(const auto object, store_.get(key));
  auto begin = lake::chain_begin_from_json(object.body);
  if (!begin) return std::unexpected(begin.error().in(fmt::format("{}: object {}", store_.describe(), key)));
  return std::optional(*begin);
}

Result<std::map<std::string, std::vector<lake::ChainBegin>>> LakeReader::read_begins(
    const std::string& of) const {
  SDP_TRY(const auto keys, keys_below(places_.begins_prefix() + of));
  std::map<std::string, std::vector<lake::ChainBegin>> begins;
  for (const std::string& key : keys) {
    SDP_TRY(const auto begin, read_begin(key));
    if (begin) begins[lake::short_id(begin->chain.topic_id)].push_back(*begin);
  }
  return begins;
}

Result<std::map<std::string, std::vector<lake::HourMarker>>> LakeReader::read_hour(
    const std::string& folder, const std::string& of) const {
  SDP_TRY(const auto keys, keys_below(folder + of));
  std::map<std::string, std::vector<lake::HourMarker>> markers;
  for (const std::string& key : keys) {
    SDP_TRY(auto marker, read_marker(key));
    markers[lake::short_id(marker.chain.topic_id)].push_back(std::move(marker));
  }
  return markers;
}

Result<std::optional<lake::ChainBegin>> LakeReader::chain_begin(const lake::ChainId& chain) const {
  return read_begin(places_.begin_key(chain));
}

Result<lake::HourMarker> LakeReader::marker(const lake::ChainId& chain, lake::Hour hour) const {
  return read_marker(places_.marker_key(chain, hour));
}

Result<std::optional<lake::HourMarker>> LakeReader::newest_marker(const lake::ChainId& chain,
                                                                  lake::Hour not_before) const {
  std::optional<lake::HourMarker> newest;
  const auto look = [&](const HourFolder& folder) -> Result<bool> {
    if (folder.hour < not_before) return false;
    const std::string key = places_.marker_key(chain, folder.hour);
    SDP_TRY(const auto head, store_.head(key));
    if (!head) return true;
    SDP_TRY(newest, read_marker(key));
    return false;
  };
  SDP_RETURN_IF_ERROR(walk_hours(store_, places_.hours_prefix(), Order::newest_first, look));
  return newest;
}

Result<void> LakeReader::markers_of(
    const log::TopicId& topic_id, lake::Hour not_before, int hours_max,
    const std::function<bool(lake::Hour, std::span<const lake::HourMarker>)>& visit) const {
  int hours = 0;
  const auto look = [&](const HourFolder& folder) -> Result<bool> {
    if (folder.hour < not_before || ++hours > hours_max) return false;
    SDP_TRY(const auto by_topic, read_hour(folder.prefix, prefix_of(topic_id)));
    const auto markers = by_topic.find(lake::short_id(topic_id));
    return visit(folder.hour, markers != by_topic.end() ? std::span(markers->second)
                                                        : std::span<const lake::HourMarker>());
  };
  return walk_hours(store_, places_.hours_prefix(), Order::newest_first, look);
}

Result<std::map<std::string, CompleteThrough>> LakeReader::complete_through(
    std::optional<lake::Hour> to) const {
  std::map<std::string, CompleteThrough> complete;
  SDP_TRY(const auto begins, read_begins());
  const auto look = [&](const HourFolder& folder) -> Result<bool> {
    if (to && folder.hour > *to) return true;
    SDP_TRY(const auto by_topic, read_hour(folder.prefix));
    for (const auto& [topic_id, markers] : by_topic) {
      const auto of_topic = begins.find(topic_id);
      if (of_topic == begins.end() || complete.contains(topic_id)) continue;
      if (is_complete(folder.hour, markers, of_topic->second))
        complete[topic_id] = through(folder.hour, markers, of_topic->second);
    }
    return complete.size() < begins.size();
  };
  SDP_RETURN_IF_ERROR(walk_hours(store_, places_.hours_prefix(), Order::newest_first, look));
  return complete;
}

Result<std::vector<HourStatus>> LakeReader::newest_hours(const log::TopicId& topic_id,
                                                         std::size_t count) const {
  const std::string topic_id_short = lake::short_id(topic_id);
  const std::string of = prefix_of(topic_id);
  std::map<lake::Hour, HourStatus> hours;
  const auto look_at_objects = [&](const HourFolder& folder) -> Result<bool> {
    SDP_RETURN_IF_ERROR(store_.list(folder.prefix, [&](const store::ListedObject& object) {
      const auto key = lake::parse_key(object.key);
      if (!key || key->topic_id_short != topic_id_short) return true;
      hours[folder.hour].hour = folder.hour;
      return false;
    }));
    return hours.size() < count;
  };
  SDP_RETURN_IF_ERROR(walk_hours(store_, lake::kBronzePrefix, Order::newest_first, look_at_objects));
  SDP_TRY(auto begins, read_begins(of));
  std::size_t closed = 0;
  const auto look_at_markers = [&](const HourFolder& folder) -> Result<bool> {
    SDP_TRY(auto by_topic, read_hour(folder.prefix, of));
    const auto& markers = by_topic[topic_id_short];
    if (markers.empty()) return true;
    HourStatus& status = hours[folder.hour];
    status.hour = folder.hour;
    status.partitions_closed = static_cast<int>(markers.size());
    for (const lake::HourMarker& marker : markers) status.records += marker.records;
    status.complete = is_complete(folder.hour, markers, begins[topic_id_short]);
    return ++closed < count;
  };
  SDP_RETURN_IF_ERROR(walk_hours(store_, places_.hours_prefix(), Order::newest_first, look_at_markers));
  std::vector<HourStatus> newest;
  newest.reserve(hours.size());
  for (const auto& [hour, status] : hours) newest.push_back(status);
  if (newest.size() > count) newest.erase(newest.begin(), newest.end() - static_cast<std::ptrdiff_t>(count));
  return newest;
}

}  // namespace sdp::lake_reader
