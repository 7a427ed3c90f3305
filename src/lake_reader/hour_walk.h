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

/// The hour folders below `root` in the order of time, until `visit` returns false. Days before that of
/// `not_before` are passed over; the others are listed as they are come to.
Result<void> walk_hours(store::ObjectStore& store, std::string_view root, Order order,
                        const std::function<Result<bool>(const HourFolder&)>& visit,
                        lake::Hour not_before = lake::Hour::min());

}  // namespace sdp::lake_reader
