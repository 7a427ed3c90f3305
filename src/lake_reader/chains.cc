#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>

#include "lake/object_key.h"
#include "lake_reader/hour_walk.h"
#include "lake_reader/lake_reader.h"

namespace sdp::lake_reader {
namespace {

using NewestKeys = std::map<log::Partition, std::string>;

/// The newest object of each wanted partition in one hour.
Result<NewestKeys> newest_in_hour(store::ObjectStore& store, const std::string& hour,
                                  const std::string& topic_id_short, const std::set<log::Partition>& wanted) {
  std::map<log::Partition, std::pair<log::Offset, std::string>> newest;
  SDP_RETURN_IF_ERROR(store.list(hour, [&](const store::ListedObject& object) {
    const auto key = lake::parse_key(object.key);
    if (!key || key->topic_id_short != topic_id_short || !wanted.contains(key->partition)) return true;
    auto& best = newest[key->partition];
    if (best.second.empty() || key->first > best.first) best = {key->first, object.key};
    return true;
  }));
  NewestKeys keys;
  for (auto& [partition, best] : newest) keys[partition] = std::move(best.second);
  return keys;
}

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

// The end of a chain, by nothing but what stands in the lake:
//  1. List the hour folders from the newest backwards.
//  2. In each, the object of a partition with the highest first offset is the newest of its chain: offsets
//  grow
//     with the broker's time, and keys are filed by the time of their first record.
//  3. Its metadata say where its range ends. They also name the whole topic id, of which the key has 8
//  digits.
//  4. Stop when every partition has its answer. One without an object begins at 0.
Result<std::map<log::Partition, log::Offset>> LakeReader::chain_ends(
    const log::TopicId& topic_id, std::span<const log::Partition> partitions) const {
  std::set<log::Partition> missing(partitions.begin(), partitions.end());
  std::map<log::Partition, log::Offset> ends;
  if (missing.empty()) return ends;
  const std::string topic_id_short = lake::short_id(topic_id);
  const auto look = [&](const HourFolder& folder) -> Result<bool> {
    SDP_TRY(const NewestKeys newest, newest_in_hour(store_, folder.prefix, topic_id_short, missing));
    for (const auto& [partition, key] : newest) {
      const lake::ChainId chain{topic_id, partition};
      SDP_TRY(const lake::ObjectMeta meta, meta_of(key));
      if (meta.chain != chain) return of_another_topic(store_, key, chain, meta.chain);
      ends[partition] = meta.range.end;
      missing.erase(partition);
    }
    return !missing.empty();
  };
  SDP_RETURN_IF_ERROR(walk_hours(store_, lake::kBronzePrefix, Order::newest_first, look));
  for (const log::Partition partition : missing) ends[partition] = 0;
  return ends;
}

Result<std::vector<ChainObject>> LakeReader::objects_of(const lake::ChainId& chain, lake::Hour from,
                                                        lake::Hour through) const {
  const std::string topic_id_short = lake::short_id(chain.topic_id);
  std::vector<ChainObject> objects;
  bool behind = false;
  SDP_RETURN_IF_ERROR(store_.list(lake::kUntimedPrefix, [&](const store::ListedObject& object) {
    const auto key = lake::parse_key(object.key);
    if (key && key->topic_id_short == topic_id_short && key->partition == chain.partition)
      objects.push_back({object.key, key->first, lake::Hour::min()});
    return true;
  }));
  const auto look = [&](const HourFolder& folder) -> Result<bool> {
    if (folder.hour < from) return true;
    SDP_RETURN_IF_ERROR(store_.list(folder.prefix, [&](const store::ListedObject& object) {
      const auto key = lake::parse_key(object.key);
      if (key && key->topic_id_short == topic_id_short && key->partition == chain.partition) {
        objects.push_back({object.key, key->first, folder.hour});
        behind = behind || folder.hour > through;
      }
      return true;
    }));
    return !behind;
  };
  SDP_RETURN_IF_ERROR(walk_hours(store_, lake::kBronzePrefix, Order::oldest_first, look));
  return objects;
}

Result<std::optional<lake::Hour>> LakeReader::first_hour_of(const lake::ChainId& chain) const {
  std::optional<lake::Hour> first;
  const std::string topic_id_short = lake::short_id(chain.topic_id);
  const auto look = [&](const HourFolder& folder) -> Result<bool> {
    SDP_RETURN_IF_ERROR(store_.list(folder.prefix, [&](const store::ListedObject& object) {
      const auto key = lake::parse_key(object.key);
      if (key && key->topic_id_short == topic_id_short && key->partition == chain.partition)
        first = folder.hour;
      return !first;
    }));
    return !first;
  };
  SDP_RETURN_IF_ERROR(walk_hours(store_, lake::kBronzePrefix, Order::oldest_first, look));
  return first;
}

}  // namespace sdp::lake_reader
