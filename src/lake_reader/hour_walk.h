#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "lake/hour_marker.h"
#include "store/object_store.h"

namespace sdp::lake_reader {

/// A folder `...date=YYYY-MM-DD/hour=HH/`.
struct HourFolder {
  lake::Hour hour;
  std::string prefix;
};

enum class Order { oldest_first, newest_first };

/// Which folders a walk visits.
struct HourSpan {
  lake::Hour first = lake::Hour::min();
  lake::Hour last = lake::Hour::max();
};

/// The folders of days below `root` that have an hour of `span`, each with its trailing '/', in the order of
/// time, until `visit` returns false. One request.
Result<void> walk_days(store::ObjectStore& store, std::string_view root, Order order,
                       const std::function<Result<bool>(const std::string& prefix)>& visit,
                       const HourSpan& span = {});

/// The hour folders of `span` below `root` in the order of time, until `visit` returns false. One request
/// names the days; those of the span are listed as they are come to.
Result<void> walk_hours(store::ObjectStore& store, std::string_view root, Order order,
                        const std::function<Result<bool>(const HourFolder&)>& visit,
                        const HourSpan& span = {});

}  // namespace sdp::lake_reader
