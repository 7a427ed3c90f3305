#include "sink/hour_plan.h"

#include <algorithm>

namespace sdp::sink {

std::vector<Closing> plan_closings(lake::Hour open, log::Offset at, std::span<const HourObject> objects,
                                   log::Offset chain_end, lake::Hour through) {
  std::vector<HourObject> members(objects.begin(), objects.end());
  std::erase_if(members, [&](const HourObject& object) { return object.first < at; });
  std::ranges::sort(members, {}, &HourObject::first);
  std::vector<Closing> closings;
  auto next = members.begin();
  for (lake::Hour hour = open; hour <= through && closings.size() < kClosingsMax;
       hour += std::chrono::hours(1)) {
    Closing closing{hour, {at, at}, {}};
    for (; next != members.end() && next->hour <= hour; ++next) closing.keys.push_back(next->key);
    at = next != members.end() ? next->first : std::max(at, chain_end);
    closing.range.end = at;
    closings.push_back(std::move(closing));
  }
  return closings;
}

}  // namespace sdp::sink
