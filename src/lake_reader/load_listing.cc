#include <algorithm>
#include <iterator>
#include <utility>

#include "lake/object_key.h"
#include "lake/places.h"
#include "lake_reader/hour_walk.h"
#include "lake_reader/lake_reader.h"

namespace sdp::lake_reader {
namespace {

/// Hours of a chain whose markers are read; for more, a listing is cheaper.
constexpr int kMarkersMax = 24;
/// Folders in which is looked for what is left for later.
constexpr int kFoldersLooked = 24;

LoadBounds bounds_of(const std::map<std::string, CompleteThrough>& complete) {
  LoadBounds bounds;
  for (const auto& [topic_id, through] : complete) {
    for (const auto& [partition, next] : through.next) bounds[{topic_id, partition}] = next;
  }
  return bounds;
}

}  // namespace

Result<LoadPlan> LakeReader::load_plan(const std::set<std::string>& loaded, const LoadBounds& ends,
                                       const HoursWanted& hours) const {
  if (!hours.complete) {
    SDP_TRY(const auto listing, objects_below(std::string(lake::kBronzePrefix)));
    return plan_load(listing, loaded);
  }
  // Before the listing: an hour that is complete has no object that comes later.
  SDP_TRY(const auto complete, complete_through(hours.to));
  SDP_TRY(auto by_markers, plan_by_markers(loaded, ends, complete));
  if (by_markers) return *std::move(by_markers);
  SDP_TRY(const auto listing, objects_below(std::string(lake::kBronzePrefix)));
  LoadPlan plan = plan_load(listing, loaded);
  plan.left_for_later = keep_below(plan, bounds_of(complete));
  return plan;
}

Result<std::vector<store::ListedObject>> LakeReader::objects_below(const std::string& prefix) const {
  std::vector<store::ListedObject> listing;
  SDP_RETURN_IF_ERROR(list_objects(prefix, [&](const store::ListedObject& object) {
    listing.push_back(object);
    return true;
  }));
  return listing;
}

Result<std::optional<LoadPlan>> LakeReader::plan_by_markers(
    const std::set<std::string>& loaded, const LoadBounds& ends,
    const std::map<std::string, CompleteThrough>& complete) const {
  // 1. What complete hours have behind the ends of the ledger: named by markers, whatever folder it lies in.
  std::vector<store::ListedObject> named;
  for (const auto& [topic_id, through] : complete) {
    for (const auto& [partition, next] : through.next) {
      const auto end = ends.find({topic_id, partition});
      const log::Offset from = end != ends.end() ? end->second : 0;
      if (next <= from) continue;
      SDP_TRY(const bool all, add_from_markers({through.topic_id, partition}, through.hour, from, named));
      if (!all) return std::optional<LoadPlan>();
    }
  }
  LoadPlan plan = plan_load(named, loaded);
  const auto is_loaded = [&](const auto& entry) {
    return std::ranges::any_of(ends, [&](const auto& end) { return end.first.first == entry.first; });
  };
  if (std::ranges::any_of(complete, is_loaded)) plan.loaded_already = loaded.size();
  // 2. What lies in the newest folders besides is told, and not loaded.
  if (complete.empty()) return std::optional(std::move(plan));
  const auto by_hour = [](const auto& entry) { return entry.second.hour; };
  const HourSpan open{.first = by_hour(*std::ranges::max_element(complete, {}, by_hour))};
  std::vector<store::ListedObject> newest;
  int folders = 0;
  const auto look = [&](const HourFolder& folder) -> Result<bool> {
    SDP_TRY(auto objects, objects_below(folder.prefix));
    std::ranges::move(objects, std::back_inserter(newest));
    return ++folders < kFoldersLooked;
  };
  SDP_RETURN_IF_ERROR(walk_hours(store_, lake::kBronzePrefix, Order::oldest_first, look, open));
  LoadPlan besides = plan_load(newest, loaded);
  plan.left_for_later = keep_below(besides, bounds_of(complete));
  plan.foreign = std::move(besides.foreign);
  return std::optional(std::move(plan));
}

Result<bool> LakeReader::add_from_markers(const lake::ChainId& chain, lake::Hour through, log::Offset from,
                                          std::vector<store::ListedObject>& objects) const {
  for (int hours = 0; hours < kMarkersMax; ++hours) {
    const lake::Hour hour = through - std::chrono::hours(hours);
    SDP_TRY(const auto closed, find_marker(chain, hour));
    if (!closed || !closed->list) return false;
    for (const lake::ListedRange& listed : *closed->list) {
      if (listed.range.end <= from) continue;
      if (!overrides_.ignores(listed.object_key)) {
        objects.push_back({listed.object_key, 0});
      } else if (const lake::Override* ignored = overrides_.find(listed.object_key);
                 ignored && !ignored->used_in.empty()) {
        // Closed before that object was put.
        objects.push_back({ignored->used_in, 0});
      }
    }
    if (closed->range.first <= from) return true;
  }
  return false;
}

Result<std::set<std::string>> LakeReader::staged_for() const {
  SDP_TRY(const auto keys, keys_below(std::string(lake::kStagedForPrefix)));
  std::set<std::string> ids;
  for (const std::string& key : keys) ids.insert(key.substr(lake::kStagedForPrefix.size()));
  return ids;
}

}  // namespace sdp::lake_reader
