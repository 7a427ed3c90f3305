#include "lake_reader/load_plan.h"

#include <algorithm>
#include <map>
#include <utility>

#include "lake/places.h"

namespace sdp::lake_reader {

LoadPlan plan_load(std::span<const store::ListedObject> listing, const std::set<std::string>& loaded) {
  LoadPlan plan;
  std::map<std::pair<std::string, log::Partition>, std::vector<PlannedObject>> chains;
  for (const store::ListedObject& object : listing) {
    if (object.key.starts_with(lake::kOwnPrefixOfLayout1)) continue;
    const auto place = lake::parse_key(object.key);
    if (!place) {
      plan.foreign.push_back(object.key);
    } else if (loaded.contains(object.key)) {
      ++plan.loaded_already;
    } else {
      chains[{place->topic_id_short, place->partition}].push_back({object.key, *place, object.bytes});
    }
  }
  for (auto& [id, objects] : chains) {
    std::ranges::sort(objects, {},
                      [](const PlannedObject& o) { return std::pair(o.place.first, o.object_key); });
    plan.chains.push_back({id.first, id.second, std::move(objects)});
  }
  std::ranges::sort(plan.foreign);
  return plan;
}

std::uint64_t keep_below(LoadPlan& plan, const LoadBounds& bounds) {
  std::uint64_t left_out = 0;
  for (PlannedChain& chain : plan.chains) {
    const auto bound = bounds.find({chain.topic_id_short, chain.partition});
    const log::Offset end = bound != bounds.end() ? bound->second : 0;
    left_out +=
        std::erase_if(chain.objects, [&](const PlannedObject& object) { return object.place.first >= end; });
  }
  std::erase_if(plan.chains, [](const PlannedChain& chain) { return chain.objects.empty(); });
  return left_out;
}

}  // namespace sdp::lake_reader
