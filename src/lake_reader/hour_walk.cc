#include "lake_reader/hour_walk.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace sdp::lake_reader {
namespace {

std::optional<lake::Hour> hour_of_folder(std::string_view folder) {
  const auto at = folder.rfind("date=");
  if (at == std::string_view::npos || folder.size() - at != 24 || folder.substr(at + 15, 6) != "/hour=") {
    return std::nullopt;
  }
  return lake::parse_hour(fmt::format("{}T{}", folder.substr(at + 5, 10), folder.substr(at + 21, 2)));
}

std::vector<std::string> in_order(std::vector<std::string> folders, Order order) {
  if (order == Order::newest_first) std::ranges::reverse(folders);
  return folders;
}

}  // namespace

Result<void> walk_days(store::ObjectStore& store, std::string_view root, Order order,
                       const std::function<Result<bool>(const std::string& prefix)>& visit,
                       const HourSpan& span) {
  const std::string day_prefix = std::string(root) + "date=";
  SDP_TRY(auto days, store.list_folders(root));
  const auto is_outside = [&](const std::string& day) {
    const auto midnight = hour_of_folder(day + "hour=00/");
    return !day.starts_with(day_prefix) || !midnight || *midnight > span.last ||
           *midnight + std::chrono::hours(23) < span.first;
  };
  std::erase_if(days, is_outside);
  for (const std::string& day : in_order(std::move(days), order)) {
    SDP_TRY(const bool go_on, visit(day));
    if (!go_on) return {};
  }
  return {};
}

Result<void> walk_hours(store::ObjectStore& store, std::string_view root, Order order,
                        const std::function<Result<bool>(const HourFolder&)>& visit, const HourSpan& span) {
  const auto visit_day = [&](const std::string& day) -> Result<bool> {
    SDP_TRY(auto folders, store.list_folders(day));
    for (const std::string& folder : in_order(std::move(folders), order)) {
      const auto hour = hour_of_folder(folder);
      if (!hour || *hour < span.first || *hour > span.last) continue;
      SDP_TRY(const bool go_on, visit({*hour, folder}));
      if (!go_on) return false;
    }
    return true;
  };
  return walk_days(store, root, order, visit_day, span);
}

}  // namespace sdp::lake_reader
