#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "lake/object_key.h"
#include "lake_reader/hour_walk.h"
#include "lake_reader/lake_reader.h"

namespace sdp::lake_reader {
namespace {

/// How many hour folders are looked at before an answer is found in another way, or not at all.
constexpr int kMarkerFoldersMax = 3;
constexpr std::size_t kObjectFoldersMax = 48;

CompleteThrough through(lake::Hour hour, std::span<const lake::HourMarker> markers,
                        std::span<const lake::ChainBegin> begins) {
  CompleteThrough complete{begins.front().chain.topic_id, hour, {}};
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

Result<std::optional<lake::HourMarker>> LakeReader::last_marker(const lake::ChainBegin& begin,
                                                                lake::Hour near) const {
  using std::chrono::hours;
  const auto is_closed = [&](lake::Hour hour) -> Result<bool> {
    SDP_TRY(const auto head, store_.head(places_.marker_key(begin.chain, hour)));
    return head.has_value();
  };
  // Hours up to `closed` are closed, `open` is not: in steps that double, away from `near`.
  lake::Hour closed = begin.hour - hours(1);
  lake::Hour open = std::max(near, begin.hour);
  hours step(1);
  SDP_TRY(const bool is_behind, is_closed(open));
  if (is_behind) {
    closed = open;
    for (bool further = true; further; step *= 2) {
      open = closed + step;
      SDP_TRY(further, is_closed(open));
      if (further) closed = open;
    }
  } else {
    for (lake::Hour at = open - step; at > closed; at = open - (step *= 2)) {
      SDP_TRY(const bool found, is_closed(at));
      (found ? closed : open) = at;
    }
  }
  while (open - closed > hours(1)) {
    const lake::Hour middle = closed + (open - closed) / 2;
    SDP_TRY(const bool further, is_closed(middle));
    (further ? closed : open) = middle;
  }
  if (closed < begin.hour) return std::optional<lake::HourMarker>();
  SDP_TRY(auto last, marker(begin.chain, closed));
  return std::optional(std::move(last));
}

Result<void> LakeReader::markers_of(
    const log::TopicId& topic_id, lake::Hour not_before, int hours_max,
    const std::function<bool(lake::Hour, std::span<const lake::HourMarker>)>& visit) const {
  int hours = 0;
  const auto look = [&](const HourFolder& folder) -> Result<bool> {
    if (++hours > hours_max) return false;
    SDP_TRY(const auto by_topic, read_hour(folder.prefix, prefix_of(topic_id)));
    const auto markers = by_topic.find(lake::short_id(topic_id));
    return visit(folder.hour, markers != by_topic.end() ? std::span(markers->second)
                                                        : std::span<const lake::HourMarker>());
  };
  return walk_hours(store_, places_.hours_prefix(), Order::newest_first, look, {.first = not_before});
}

Result<std::map<std::string, CompleteThrough>> LakeReader::complete_through(
    std::optional<lake::Hour> to) const {
  std::map<std::string, CompleteThrough> complete;
  SDP_TRY(const auto begins, read_begins());
  const HourSpan span{.last = to.value_or(lake::Hour::max())};
  std::optional<lake::Hour> newest;
  int folders = 0;
  const auto look = [&](const HourFolder& folder) -> Result<bool> {
    if (!newest) newest = folder.hour;
    SDP_TRY(const auto by_topic, read_hour(folder.prefix));
    for (const auto& [topic_id, markers] : by_topic) {
      const auto of_topic = begins.find(topic_id);
      if (of_topic == begins.end() || complete.contains(topic_id)) continue;
      if (is_complete(folder.hour, markers, of_topic->second))
        complete[topic_id] = through(folder.hour, markers, of_topic->second);
    }
    return complete.size() < begins.size() && ++folders < kMarkerFoldersMax;
  };
  SDP_RETURN_IF_ERROR(walk_hours(store_, places_.hours_prefix(), Order::newest_first, look, span));
  for (const auto& [topic_id, of_topic] : begins) {
    if (!newest || complete.contains(topic_id)) continue;
    SDP_TRY(const auto found, bisect_complete(of_topic, *newest));
    if (found) complete.emplace(topic_id, *found);
  }
  return complete;
}

Result<std::optional<CompleteThrough>> LakeReader::complete_at(
    lake::Hour hour, std::span<const lake::ChainBegin> begins) const {
  std::vector<lake::HourMarker> markers;
  for (const lake::ChainBegin& begin : begins) {
    if (begin.hour > hour) continue;
    SDP_TRY(const auto head, store_.head(places_.marker_key(begin.chain, hour)));
    if (!head) continue;
    SDP_TRY(markers.emplace_back(), marker(begin.chain, hour));
  }
  if (!is_complete(hour, markers, begins)) return std::optional<CompleteThrough>();
  return std::optional(through(hour, markers, begins));
}

Result<std::optional<CompleteThrough>> LakeReader::bisect_complete(std::span<const lake::ChainBegin> begins,
                                                                   lake::Hour to) const {
  // The markers of a chain have no hole, and a topic only gains partitions: behind an hour that is not
  // complete none is.
  const lake::Hour first = std::ranges::min(begins, {}, &lake::ChainBegin::hour).hour;
  lake::Hour last = to;
  std::optional<CompleteThrough> found;
  // The last one first, which is complete as a rule.
  for (lake::Hour from = first, at = last; from <= last; at = from + (last - from) / 2) {
    SDP_TRY(auto complete, complete_at(at, begins));
    if (complete) {
      found = std::move(complete);
      from = at + std::chrono::hours(1);
    } else {
      last = at - std::chrono::hours(1);
    }
  }
  return found;
}

Result<std::vector<HourStatus>> LakeReader::newest_hours(const log::TopicId& topic_id,
                                                         std::size_t count) const {
  const std::string topic_id_short = lake::short_id(topic_id);
  const std::string of = prefix_of(topic_id);
  std::map<lake::Hour, HourStatus> hours;
  std::size_t folders = 0;
  const auto look_at_objects = [&](const HourFolder& folder) -> Result<bool> {
    SDP_RETURN_IF_ERROR(list_objects(folder.prefix, [&](const store::ListedObject& object) {
      const auto key = lake::parse_key(object.key);
      if (!key || key->topic_id_short != topic_id_short) return true;
      hours[folder.hour].hour = folder.hour;
      return false;
    }));
    return hours.size() < count && ++folders < count + kObjectFoldersMax;
  };
  SDP_RETURN_IF_ERROR(walk_hours(store_, lake::kBronzePrefix, Order::newest_first, look_at_objects));
  SDP_TRY(auto begins, read_begins(of));
  const std::vector<lake::ChainBegin>& of_topic = begins[topic_id_short];
  HourSpan span;
  span.first =
      of_topic.empty() ? lake::Hour::max() : std::ranges::min(of_topic, {}, &lake::ChainBegin::hour).hour;
  std::size_t closed = 0;
  const auto look_at_markers = [&](const HourFolder& folder) -> Result<bool> {
    SDP_TRY(auto by_topic, read_hour(folder.prefix, of));
    const auto& markers = by_topic[topic_id_short];
    if (markers.empty()) return true;
    HourStatus& status = hours[folder.hour];
    status.hour = folder.hour;
    status.partitions_closed = static_cast<int>(markers.size());
    for (const lake::HourMarker& marker : markers) status.records += marker.records;
    status.complete = is_complete(folder.hour, markers, of_topic);
    return ++closed < count;
  };
  SDP_RETURN_IF_ERROR(walk_hours(store_, places_.hours_prefix(), Order::newest_first, look_at_markers, span));
  std::vector<HourStatus> newest;
  newest.reserve(hours.size());
  for (const auto& [hour, status] : hours) newest.push_back(status);
  if (newest.size() > count) newest.erase(newest.begin(), newest.end() - static_cast<std::ptrdiff_t>(count));
  return newest;
}

}  // namespace sdp::lake_reader
