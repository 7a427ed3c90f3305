#include "sink/hour_plan.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/sha256.h"

namespace sdp::sink {

using lake_reader::ChainObject;

std::vector<Closing> plan_closings(const OpenHour& open, std::span<const ChainObject> objects,
                                   log::Offset chain_end, lake::Hour through) {
  std::vector<ChainObject> members(objects.begin(), objects.end());
  std::erase_if(members, [&](const ChainObject& object) { return object.first < open.first; });
  std::ranges::sort(members, {}, &ChainObject::first);
  std::vector<Closing> closings;
  log::Offset at = open.first;
  auto next = members.begin();
  for (lake::Hour hour = open.hour; hour <= through && closings.size() < kClosingsMax;
       hour += std::chrono::hours(1)) {
    Closing closing{hour, {at, at}, {}};
    for (; next != members.end() && next->hour <= hour; ++next) closing.keys.push_back(next->key);
    at = next != members.end() ? next->first : std::max(at, chain_end);
    closing.range.end = at;
    closings.push_back(std::move(closing));
  }
  return closings;
}

void file_by_clock(std::vector<ChainObject>& objects, lake::Hour through) {
  for (ChainObject& object : objects) {
    if (object.hour > through + std::chrono::hours(2)) object.hour = lake::Hour::min();
  }
}

bool is_whole(const Closing& closing, std::span<const lake::ObjectMeta> objects) {
  log::Offset counted = 0;
  for (const lake::ObjectMeta& object : objects) counted += object.range.end - object.range.first;
  return counted == closing.range.end - closing.range.first;
}

lake::HourMarker make_marker(const log::TopicInfo& topic, log::Partition partition, const Closing& closing,
                             std::span<const lake::ObjectMeta> objects, const lake::Places& places) {
  lake::HourMarker marker;
  marker.topic = topic.name;
  marker.chain = {topic.id, partition};
  marker.partitions = std::max(topic.partitions, partition + 1);
  marker.hour = closing.hour;
  marker.range = closing.range;
  std::string listed;
  if (places.version() > 1) marker.list.emplace();
  for (std::size_t i = 0; i < objects.size(); ++i) {
    ++marker.objects;
    marker.records += objects[i].records;
    marker.rejected += objects[i].rejected;
    if (marker.list) marker.list->push_back({closing.keys[i], objects[i].range});
    listed += fmt::format("{} {}\n", closing.keys[i], objects[i].sha256);
  }
  marker.sha256 = base::sha256_hex(listed);
  return marker;
}

}  // namespace sdp::sink
