#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <ranges>
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

Result<std::optional<store::Object>> LakeReader::find(const std::string& key) const {
  auto object = store_.get(key);
  if (object) return std::optional(*std::move(object));
  if (object.error().kind != ErrorKind::bad_input) return std::unexpected(std::move(object).error());
  // The error does not tell what is missing from what is wrong.
  SDP_TRY(const auto head, store_.head(key));
  if (head) return std::unexpected(std::move(object).error());
  return std::optional<store::Object>();
}

Result<lake::HourMarker> LakeReader::parse_marker(const std::string& key, const store::Object& object) const {
  auto marker = lake::hour_marker_from_json(object.body);
  if (!marker)
    return std::unexpected(marker.error().in(fmt::format("{}: object {}", store_.describe(), key)));
  return marker;
}

Result<lake::HourMarker> LakeReader::read_marker(const std::string& key) const {
  SDP_TRY(const auto object, store_.get(key));
  return parse_marker(key, object);
}

Result<std::optional<lake::HourMarker>> LakeReader::find_marker(const lake::ChainId& chain,
                                                                lake::Hour hour) const {
  const std::string key = places_.marker_key(chain, hour);
  SDP_TRY(const auto object, find(key));
  if (!object) return std::optional<lake::HourMarker>();
  SDP_TRY(auto marker, parse_marker(key, *object));
  return std::optional(std::move(marker));
}

Result<lake::ChainBegin> LakeReader::parse_begin(const std::string& key, const store::Object& object) const {
  auto begin = lake::chain_begin_from_json(object.body);
  if (!begin) return std::unexpected(begin.error().in(fmt::format("{}: object {}", store_.describe(), key)));
  return begin;
}

Result<std::map<std::string, std::vector<lake::ChainBegin>>> LakeReader::read_begins(
    const std::string& of, const std::optional<log::TopicId>& but) const {
  SDP_TRY(auto keys, keys_below(places_.begins_prefix() + of));
  if (but) {
    const std::string left_out = places_.begins_prefix() + prefix_of(*but);
    std::erase_if(keys, [&](const std::string& key) { return key.starts_with(left_out); });
  }
  std::map<std::string, std::vector<lake::ChainBegin>> begins;
  for (const std::string& key : keys) {
    SDP_TRY(const auto object, store_.get(key));
    SDP_TRY(const auto begin, parse_begin(key, object));
    begins[lake::short_id(begin.chain.topic_id)].push_back(begin);
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
  const std::string key = places_.begin_key(chain);
  SDP_TRY(const auto object, find(key));
  if (!object) return std::optional<lake::ChainBegin>();
  SDP_TRY(const auto begin, parse_begin(key, *object));
  return std::optional(begin);
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
    SDP_TRY(auto found, find_marker(begin.chain, hour));
    if (found) markers.push_back(*std::move(found));
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

Result<std::map<lake::Hour, std::set<log::Partition>>> LakeReader::closed_hours(const log::TopicId& topic_id,
                                                                                lake::Hour first,
                                                                                std::size_t count) const {
  const std::string topic_id_short = lake::short_id(topic_id);
  std::map<lake::Hour, std::set<log::Partition>> closed;
  const auto look = [&](const std::string& day) -> Result<bool> {
    SDP_RETURN_IF_ERROR(store_.list(day, [&](const store::ListedObject& object) {
      const auto name = places_.parse_marker_key(object.key);
      if (name && name->topic_id_short == topic_id_short && name->hour >= first)
        closed[name->hour].insert(name->partition);
      return true;
    }));
    return closed.size() < count;
  };
  SDP_RETURN_IF_ERROR(walk_days(store_, places_.hours_prefix(), Order::newest_first, look, {.first = first}));
  while (closed.size() > count) closed.erase(closed.begin());
  return closed;
}

Result<std::map<lake::Hour, HourStatus>> LakeReader::judge_closed_hours(
    const log::TopicId& topic_id, std::span<const lake::ChainBegin> begins, std::size_t count,
    std::span<const HourStatus> known) const {
  std::map<lake::Hour, HourStatus> hours;
  if (begins.empty()) return hours;
  const lake::Hour first = std::ranges::min(begins, {}, &lake::ChainBegin::hour).hour;
  SDP_TRY(const auto closed, closed_hours(topic_id, first, count));

  bool has_read = false;
  const auto read = [&](HourStatus& status) -> Result<std::vector<lake::HourMarker>> {
    has_read = true;
    std::vector<lake::HourMarker> markers;
    status.records = 0;
    for (const log::Partition partition : closed.at(status.hour)) {
      SDP_TRY(markers.emplace_back(), marker({topic_id, partition}, status.hour));
      *status.records += markers.back().records;
    }
    return markers;
  };
  // Behind a complete hour every partition that its markers know of has a begin: names tell the rest.
  bool is_behind_complete = false;
  for (const auto& [hour, partitions] : std::views::reverse(closed)) {
    HourStatus& status = hours[hour];
    status = {.hour = hour, .partitions_closed = static_cast<int>(partitions.size())};
    const auto before = std::ranges::find_if(known, [&](const HourStatus& one) {
      return one.hour == hour && one.partitions_closed == status.partitions_closed;
    });
    const bool is_known = before != known.end();
    if (is_known) status.records = before->records;
    status.complete = std::ranges::all_of(begins, [&](const lake::ChainBegin& begin) {
      return begin.hour > hour || partitions.contains(begin.chain.partition);
    });
    if (status.complete && !is_behind_complete && !(is_known && before->complete)) {
      SDP_TRY(const auto markers, read(status));
      status.complete = is_complete(hour, markers, begins);
    }
    is_behind_complete = is_behind_complete || status.complete;
  }
  const auto uncounted = std::ranges::find_if(hours.rbegin(), hours.rend(),
                                              [](const auto& entry) { return !entry.second.records; });
  if (!has_read && uncounted != hours.rend()) SDP_RETURN_IF_ERROR(read(uncounted->second));
  return hours;
}

Result<std::vector<HourStatus>> LakeReader::newest_hours(const log::TopicId& topic_id, std::size_t count,
                                                         std::span<const HourStatus> known) const {
  if (count == 0) return std::vector<HourStatus>();
  const std::string topic_id_short = lake::short_id(topic_id);
  SDP_TRY(auto by_topic, read_begins(prefix_of(topic_id)));
  const std::vector<lake::ChainBegin> begins = std::move(by_topic[topic_id_short]);
  SDP_TRY(auto hours, judge_closed_hours(topic_id, begins, count, known));
  // Objects of folders before the first hour of their chain belong to that hour, as those of a clock that is
  // far behind do: nobody closes such a folder.
  const auto is_of_a_later_hour = [&](lake::Hour folder, log::Partition partition) {
    return std::ranges::any_of(begins, [&](const lake::ChainBegin& begin) {
      return begin.chain.partition == partition && begin.hour > folder;
    });
  };
  std::size_t folders = 0;
  const auto look_at_objects = [&](const HourFolder& folder) -> Result<bool> {
    // Clocks go back: an hour that nobody closed may lie before those that are closed.
    if (hours.contains(folder.hour)) return true;
    if (hours.size() >= count &&
        folder.hour < std::prev(hours.end(), static_cast<std::ptrdiff_t>(count))->first)
      return false;
    SDP_RETURN_IF_ERROR(list_objects(folder.prefix, [&](const store::ListedObject& object) {
      const auto key = lake::parse_key(object.key);
      if (!key || key->topic_id_short != topic_id_short) return true;
      HourStatus& status = hours[folder.hour];
      status = {.hour = folder.hour, .complete = is_of_a_later_hour(folder.hour, key->partition)};
      return status.complete;
    }));
    return ++folders < count + kObjectFoldersMax;
  };
  const HourSpan span{.first = hours.size() < count ? lake::Hour::min() : hours.begin()->first};
  SDP_RETURN_IF_ERROR(walk_hours(store_, lake::kBronzePrefix, Order::newest_first, look_at_objects, span));
  while (hours.size() > count) hours.erase(hours.begin());
  auto newest = hours | std::views::values;
  return std::vector<HourStatus>(newest.begin(), newest.end());
}

}  // namespace sdp::lake_reader
