#include <utility>

#include "lake/object_key.h"
#include "lake/places.h"
#include "lake_reader/lake_reader.h"

namespace sdp::lake_reader {

Result<LoadPlan> LakeReader::load_plan(const std::set<std::string>& loaded, const HoursWanted& hours) const {
  std::vector<store::ListedObject> listing;
  SDP_RETURN_IF_ERROR(store_.list(lake::kBronzePrefix, [&](const store::ListedObject& object) {
    listing.push_back(object);
    return true;
  }));
  LoadPlan plan = plan_load(listing, loaded);
  if (!hours.complete) return plan;
  // Behind the listing: an hour that was complete before it has no object that is not in it.
  SDP_TRY(const auto complete, complete_through(hours.to));
  LoadBounds bounds;
  for (const auto& [topic_id, through] : complete) {
    for (const auto& [partition, next] : through.next) bounds[{topic_id, partition}] = next;
  }
  plan.left_for_later = keep_below(plan, bounds);
  return plan;
}

Result<std::set<std::string>> LakeReader::staged_for() const {
  SDP_TRY(const auto keys, keys_below(std::string(lake::kStagedForPrefix)));
  std::set<std::string> ids;
  for (const std::string& key : keys) ids.insert(key.substr(lake::kStagedForPrefix.size()));
  return ids;
}

}  // namespace sdp::lake_reader
