#include "snapshot/delays.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace sdp::snapshot {
namespace {

/// An object's records are shared out among so many moments.
constexpr int kMoments = 16;

struct Weighted {
  double seconds = 0;
  double records = 0;
};

/// The smallest value that `share` of the records do not exceed. Values are sorted.
double quantile(std::span<const Weighted> values, double share) {
  double all = 0;
  for (const Weighted& value : values) all += value.records;
  double below = 0;
  for (const Weighted& value : values) {
    below += value.records;
    if (below >= share * all) return value.seconds;
  }
  return values.back().seconds;
}

}  // namespace

std::vector<Delay> delays_of(std::span<const BatchObject> objects, std::int64_t published_ms) {
  struct Stage {
    std::string_view name;
    std::int64_t BatchObject::* reached;  ///< none: when it was published
  };
  constexpr std::array<Stage, 3> kStages{
      {{"bronze", &BatchObject::loaded_ms}, {"marts", &BatchObject::transformed_ms}, {"published", nullptr}}};
  std::vector<Delay> delays;
  for (const Stage& stage : kStages) {
    std::vector<Weighted> values;
    for (const BatchObject& object : objects) {
      if (object.records == 0 || object.first_ms <= 0 || object.last_ms < object.first_ms) continue;
      const std::int64_t reached = stage.reached == nullptr ? published_ms : object.*stage.reached;
      const double span = static_cast<double>(object.last_ms - object.first_ms);
      for (int moment = 0; moment < kMoments; ++moment) {
        const double came = static_cast<double>(object.first_ms) + span * (moment + 0.5) / kMoments;
        // Clocks of machines differ.
        const double seconds = std::max(0.0, (static_cast<double>(reached) - came) / 1e3);
        values.push_back({seconds, static_cast<double>(object.records) / kMoments});
      }
    }
    if (values.empty()) return {};
    std::ranges::sort(values, {}, &Weighted::seconds);
    delays.push_back({std::string(stage.name), quantile(values, 0.5), quantile(values, 0.99)});
  }
  return delays;
}

}  // namespace sdp::snapshot
