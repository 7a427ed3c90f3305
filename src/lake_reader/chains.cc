#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>

#include "lake/chain_head.h"
#include "lake/object_key.h"
#include "lake_reader/hour_walk.h"
#include "lake_reader/lake_reader.h"

namespace sdp::lake_reader {
namespace {

constexpr std::uint64_t kProgressInterval = 100'000;

std::unexpected<Error> of_another_topic(const store::ObjectStore& store, const std::string& key,
                                        const lake::ChainId& named, const lake::ChainId& said) {
  return fail(
      ErrorKind::bad_input,
      fmt::format(
          "{}: object {} is named as one of {} but says it is of {}; two topics whose ids begin alike "
          "cannot share a lake: use another bucket or prefix for one of them",
          store.describe(), key, describe(named), describe(said)));
}

}  // namespace

Result<lake::ObjectMeta> LakeReader::meta_of(const std::string& key) const {
  SDP_TRY(const auto head, store_.head(key));
  if (!head) {
    return fail(ErrorKind::fatal,
                fmt::format("{}: object {} is listed but has no head; the store is not consistent, or "
                            "somebody deletes objects",
                            store_.describe(), key));
  }
  auto meta = lake::meta_from(head->metadata);
  if (!meta) return std::unexpected(meta.error().in(fmt::format("{}: object {}", store_.describe(), key)));
  return meta;
}

std::optional<ChainPoint> LakeReader::point_of_ignored(const std::string& key,
                                                       const lake::ChainId& chain) const {
  const lake::Override* ignored = overrides_.find(key);
  if (!ignored || !ignored->keeps_place() || ignored->chain != chain) return std::nullopt;
  return ChainPoint{.end = ignored->next, .object_key = key};
}

Result<std::optional<ChainPoint>> LakeReader::hinted_point(const lake::ChainId& chain) const {
  const auto stored = store_.get(places_.head_key(chain));
  if (!stored && stored.error().kind != ErrorKind::bad_input) return std::unexpected(stored.error());
  if (!stored) return std::optional<ChainPoint>();
  const auto head = lake::chain_head_from_json(stored->body);
  if (!head || head->chain != chain) return std::optional<ChainPoint>();
  if (head->end == 0) return std::optional(ChainPoint{.hinted = true});
  if (overrides_.ignores(head->object_key)) {
    auto point = point_of_ignored(head->object_key, chain);
    if (point) point->hinted = true;
    return point;
  }
  SDP_TRY(const auto object, store_.head(head->object_key));
  if (!object || !lake::parse_key(head->object_key)) return std::optional<ChainPoint>();
  const auto meta = lake::meta_from(object->metadata);
  if (!meta || meta->chain != chain) return std::optional<ChainPoint>();
  return std::optional(ChainPoint{meta->range.end, head->object_key, *meta, true});
}

Result<ChainPoints> LakeReader::listed_points(const log::TopicId& topic_id,
                                              std::span<const log::Partition> partitions,
                                              const ListingProgress& progress) const {
  const std::set<log::Partition> wanted(partitions.begin(), partitions.end());
  const std::string topic_id_short = lake::short_id(topic_id);
  std::map<log::Partition, std::pair<log::Offset, std::string>> last;
  std::uint64_t listed = 0;
  SDP_RETURN_IF_ERROR(list_objects(lake::kBronzePrefix, [&](const store::ListedObject& object) {
    if (++listed % kProgressInterval == 0 && progress) progress(listed);
    const auto key = lake::parse_key(object.key);
    if (!key || key->topic_id_short != topic_id_short || !wanted.contains(key->partition)) return true;
    auto& best = last[key->partition];
    if (best.second.empty() || key->first > best.first) best = {key->first, object.key};
    return true;
  }));
  ChainPoints points;
  for (const log::Partition partition : wanted) points[partition];
  for (const auto& [partition, best] : last) {
    const lake::ChainId chain{topic_id, partition};
    SDP_TRY(const lake::ObjectMeta meta, meta_of(best.second));
    if (meta.chain != chain) return of_another_topic(store_, best.second, chain, meta.chain);
    points[partition] = {meta.range.end, best.second, meta, false};
  }
  for (const auto& [key, ignored] : overrides_.all()) {
    const log::Partition partition = ignored.chain.partition;
    if (ignored.chain.topic_id != topic_id || !wanted.contains(partition) || !ignored.keeps_place()) continue;
    auto& best = last[partition];
    if (!best.second.empty() && ignored.range.first <= best.first) continue;
    best = {ignored.range.first, key};
    points[partition] = {ignored.next, key, std::nullopt, false};
  }
  return points;
}

Result<ChainPoints> LakeReader::chain_points(const log::TopicId& topic_id,
                                             std::span<const log::Partition> partitions,
                                             const ListingProgress& progress) const {
  for (const auto& [key, problem] : overrides_.unreadable()) {
    const auto place = lake::parse_key(key);
    if (place && place->topic_id_short == lake::short_id(topic_id)) return std::unexpected(problem);
  }
  ChainPoints points;
  std::vector<log::Partition> unknown;
  for (const log::Partition partition : partitions) {
    SDP_TRY(const auto hinted, hinted_point({topic_id, partition}));
    if (hinted) {
      points.emplace(partition, *hinted);
    } else {
      unknown.push_back(partition);
    }
  }
  if (unknown.empty()) return points;
  SDP_TRY(ChainPoints listed, listed_points(topic_id, unknown, progress));
  points.merge(listed);
  return points;
}

Result<std::optional<ChainPoint>> LakeReader::next_object(const lake::ChainId& chain, log::Offset at,
                                                          UtcMillis record_time,
                                                          lake::Compression compression) const {
  lake::ObjectKey place{.first_timestamp = places_.filing_time(record_time),
                        .topic_id_short = lake::short_id(chain.topic_id),
                        .partition = chain.partition,
                        .first = at,
                        .compression = compression};
  std::string key = lake::format_key(place);
  SDP_TRY(auto head, store_.head(key));
  if (!head && !lake::has_time(place.first_timestamp)) {
    // A lake that was upgraded has it where layout 1 filed it.
    place.first_timestamp = lake::clamp_timestamp(record_time);
    key = lake::format_key(place);
    SDP_TRY(head, store_.head(key));
  }
  if (!head) return std::optional<ChainPoint>();
  if (overrides_.ignores(key)) return point_of_ignored(key, chain);
  auto meta = lake::meta_from(head->metadata);
  if (!meta) return std::unexpected(meta.error().in(fmt::format("{}: object {}", store_.describe(), key)));
  if (meta->chain != chain) return of_another_topic(store_, key, chain, meta->chain);
  if (meta->range.first != at) {
    return fail(ErrorKind::bad_input,
                fmt::format("{}: object {} says that it starts at offset {}; move it away before the sink "
                            "goes on",
                            store_.describe(), key, meta->range.first));
  }
  return std::optional(ChainPoint{meta->range.end, key, *std::move(meta), false});
}

Result<std::vector<ChainObject>> LakeReader::objects_of(const lake::ChainId& chain, lake::Hour from,
                                                        lake::Hour through) const {
  const std::string topic_id_short = lake::short_id(chain.topic_id);
  std::vector<ChainObject> objects;
  bool behind = false;
  SDP_RETURN_IF_ERROR(list_objects(lake::kUntimedPrefix, [&](const store::ListedObject& object) {
    const auto key = lake::parse_key(object.key);
    if (key && key->topic_id_short == topic_id_short && key->partition == chain.partition)
      objects.push_back({object.key, key->first, lake::Hour::min()});
    return true;
  }));
  const auto look = [&](const HourFolder& folder) -> Result<bool> {
    SDP_RETURN_IF_ERROR(list_objects(folder.prefix, [&](const store::ListedObject& object) {
      const auto key = lake::parse_key(object.key);
      if (key && key->topic_id_short == topic_id_short && key->partition == chain.partition) {
        objects.push_back({object.key, key->first, folder.hour});
        behind = behind || folder.hour > through;
      }
      return true;
    }));
    return !behind;
  };
  SDP_RETURN_IF_ERROR(walk_hours(store_, lake::kBronzePrefix, Order::oldest_first, look, {.first = from}));
  return objects;
}

Result<std::optional<lake::Hour>> LakeReader::first_hour_of(const lake::ChainId& chain) const {
  std::optional<lake::Hour> first;
  const std::string topic_id_short = lake::short_id(chain.topic_id);
  const auto look = [&](const HourFolder& folder) -> Result<bool> {
    SDP_RETURN_IF_ERROR(list_objects(folder.prefix, [&](const store::ListedObject& object) {
      const auto key = lake::parse_key(object.key);
      if (key && key->topic_id_short == topic_id_short && key->partition == chain.partition)
        first = folder.hour;
      return !first;
    }));
    return !first;
  };
  const HourSpan span{.first = lake::Hour(std::chrono::hours(1))};
  SDP_RETURN_IF_ERROR(walk_hours(store_, lake::kBronzePrefix, Order::oldest_first, look, span));
  return first;
}

}  // namespace sdp::lake_reader
