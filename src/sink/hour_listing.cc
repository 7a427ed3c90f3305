#include "sink/hour_listing.h"

#include <fmt/core.h>

#include "hours/hour_folders.h"
#include "lake/object_key.h"

namespace sdp::sink {
namespace {

/// How far back a new chain looks for hours that were complete without it.
constexpr int kHoursLookedBack = 48;

}  // namespace

Result<std::optional<OpenHour>> HourListing::find_open(const lake::ChainId& chain) {
  SDP_TRY(const auto begin, hours::read_begin(store_, lake::chain_begin_key(chain)));
  if (!begin) return std::optional<OpenHour>();
  OpenHour open{begin->hour, 0};
  const auto look = [&](const hours::HourFolder& folder) -> Result<bool> {
    if (folder.hour < begin->hour) return false;
    const std::string key = lake::hour_marker_key(chain, folder.hour);
    SDP_TRY(const auto head, store_.head(key));
    if (!head) return true;
    SDP_TRY(const auto marker, hours::read_marker(store_, key));
    open = {folder.hour + std::chrono::hours(1), marker.range.end};
    return false;
  };
  SDP_RETURN_IF_ERROR(hours::walk_hours(store_, lake::kClosedPrefix, hours::Order::newest_first, look));
  return std::optional(open);
}

Result<std::optional<lake::Hour>> HourListing::first_hour(const lake::ChainId& chain) {
  std::optional<lake::Hour> first;
  const std::string topic_id_short = lake::short_id(chain.topic_id);
  const auto look = [&](const hours::HourFolder& folder) -> Result<bool> {
    SDP_RETURN_IF_ERROR(store_.list(folder.prefix, [&](const store::ListedObject& object) {
      const auto key = lake::parse_key(object.key);
      if (key && key->topic_id_short == topic_id_short && key->partition == chain.partition)
        first = folder.hour;
      return !first;
    }));
    return !first;
  };
  SDP_RETURN_IF_ERROR(hours::walk_hours(store_, lake::kBronzePrefix, hours::Order::oldest_first, look));
  return first;
}

Result<lake::Hour> HourListing::hour_behind_others(const lake::ChainId& chain, lake::Hour at_least) {
  int looked_at = 0;
  const auto look = [&](const hours::HourFolder& folder) -> Result<bool> {
    if (folder.hour < at_least || ++looked_at > kHoursLookedBack) return false;
    std::vector<std::string> keys;
    const std::string of_topic = fmt::format("{}t{}_", folder.prefix, lake::short_id(chain.topic_id));
    SDP_RETURN_IF_ERROR(store_.list(of_topic, [&](const store::ListedObject& object) {
      keys.push_back(object.key);
      return true;
    }));
    for (const std::string& key : keys) {
      SDP_TRY(const auto marker, hours::read_marker(store_, key));
      if (marker.partitions <= chain.partition) at_least = folder.hour + std::chrono::hours(1);
    }
    return folder.hour >= at_least;
  };
  SDP_RETURN_IF_ERROR(hours::walk_hours(store_, lake::kClosedPrefix, hours::Order::newest_first, look));
  return at_least;
}

Result<std::vector<HourObject>> HourListing::objects(const lake::ChainId& chain, lake::Hour from,
                                                     lake::Hour through) {
  const std::string topic_id_short = lake::short_id(chain.topic_id);
  std::vector<HourObject> objects;
  bool behind = false;
  const auto look = [&](const hours::HourFolder& folder) -> Result<bool> {
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
  SDP_RETURN_IF_ERROR(hours::walk_hours(store_, lake::kBronzePrefix, hours::Order::oldest_first, look));
  return objects;
}

Result<lake::ObjectMeta> HourListing::meta(const std::string& key) {
  SDP_TRY(const auto head, store_.head(key));
  if (!head) {
    return fail(ErrorKind::fatal,
                fmt::format("{}: object {} is listed but has no head; the store is not consistent, "
                            "or somebody deletes objects",
                            store_.describe(), key));
  }
  auto meta = lake::meta_from(head->metadata);
  if (!meta) return std::unexpected(meta.error().in(fmt::format("{}: object {}", store_.describe(), key)));
  return meta;
}

}  // namespace sdp::sink
