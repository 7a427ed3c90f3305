#include "hours/hour_folders.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace sdp::hours {
namespace {

std::optional<lake::Hour> hour_of_folder(std::string_view folder) {
  const auto at = folder.rfind("date=");
  if (at == std::string_view::npos || folder.size() - at != 24 || folder.substr(at + 15, 6) != "/hour=") {
    return std::nullopt;
  }
  return lake::parse_hour(fmt::format("{}T{}", folder.substr(at + 5, 10), folder.substr(at + 21, 2)));
}

}  // namespace

Result<void> walk_hours(store::ObjectStore& store, std::string_view root, Order order,
                        const std::function<Result<bool>(const HourFolder&)>& visit) {
  const auto in_order = [&](std::vector<std::string> folders) {
    if (order == Order::newest_first) std::ranges::reverse(folders);
    return folders;
  };
  const std::string day_prefix = std::string(root) + "date=";
  SDP_TRY(auto days, store.list_folders(root));
  std::erase_if(days, [&](const std::string& day) { return !day.starts_with(day_prefix); });
  for (const std::string& day : in_order(std::move(days))) {
    SDP_TRY(auto folders, store.list_folders(day));
    for (const std::string& folder : in_order(std::move(folders))) {
      const auto hour = hour_of_folder(folder);
      if (!hour) continue;
      SDP_TRY(const bool go_on, visit({*hour, folder}));
      if (!go_on) return {};
    }
  }
  return {};
}

Result<lake::HourMarker> read_marker(store::ObjectStore& store, const std::string& key) {
  SDP_TRY(const auto object, store.get(key));
  auto marker = lake::hour_marker_from_json(object.body);
  if (!marker) return std::unexpected(marker.error().in(fmt::format("{}: object {}", store.describe(), key)));
  return marker;
}

Result<std::optional<lake::ChainBegin>> read_begin(store::ObjectStore& store, const std::string& key) {
  SDP_TRY(const auto head, store.head(key));
  if (!head) return std::optional<lake::ChainBegin>();
  SDP_TRY(const auto object, store.get(key));
  auto begin = lake::chain_begin_from_json(object.body);
  if (!begin) return std::unexpected(begin.error().in(fmt::format("{}: object {}", store.describe(), key)));
  return std::optional(*begin);
}

}  // namespace sdp::hours
