#include "sink/chain_closer.h"

#include <algorithm>
#include <utility>

#include "diag/log.h"
#include "lake_reader/find_places.h"

namespace sdp::sink {
namespace {

using diag::log_event;

constexpr std::string_view kJson = "application/json";
/// How far back a new chain looks for hours that were complete without it.
constexpr int kHoursLookedBack = 48;

}  // namespace

Result<std::vector<lake::HourMarker>> ChainCloser::close(const CloseRequest& request) {
  auto closed = close_from(request);
  // The remembered open hour may be the cause.
  if (!closed) open_.erase(request.partition);
  return closed;
}

Result<std::vector<lake::HourMarker>> ChainCloser::close_from(const CloseRequest& request) {
  // Step 1.
  if (!open_.contains(request.partition)) {
    SDP_TRY(open_[request.partition], find_or_begin(request));
  }
  OpenHour& open = open_[request.partition];
  if (open.hour > request.through) return std::vector<lake::HourMarker>{};
  // Step 2.
  SDP_TRY(Planned planned, plan(request, open, open.hour - std::chrono::hours(1)));
  if (!planned.whole) {
    log_event("hours.listed_again", {{"topic", topic_.name},
                                     {"partition", request.partition},
                                     {"hour", lake::format_hour(request.through)}});
    SDP_TRY(planned, plan(request, open, lake::Hour::min()));
  }
  // Step 3.
  if (!planned.markers.empty()) SDP_RETURN_IF_ERROR(lake_reader::check_only_layout(store_, lake_.places()));
  return put_all(planned.markers, open);
}

Result<OpenHour> ChainCloser::find_or_begin(const CloseRequest& request) {
  const lake::ChainId chain{topic_.id, request.partition};
  SDP_TRY(const auto stored, lake_.chain_begin(chain));
  if (!stored) return begin(request);
  SDP_TRY(const auto newest, lake_.last_marker(*stored, request.through));
  if (newest) return OpenHour{newest->hour + std::chrono::hours(1), newest->range.end};
  return OpenHour{stored->hour, 0};
}

Result<OpenHour> ChainCloser::begin(const CloseRequest& request) {
  const lake::ChainId chain{topic_.id, request.partition};
  lake::Hour first = request.through;
  if (!by_own_clock() && request.chain_end != 0) {
    SDP_TRY(const auto found, lake_.first_hour_of(chain));
    first = found.value_or(first);
  }
  SDP_TRY(const lake::Hour hour, hour_behind_others(request.partition, first));
  const lake::ChainBegin begin{chain, hour};
  SDP_TRY(const auto outcome, store_.put_new(lake_.places().begin_key(chain), to_json(begin), {}, kJson));
  if (outcome == store::PutOutcome::created) {
    log_event("hours.begun",
              {{"topic", topic_.name}, {"partition", request.partition}, {"hour", lake::format_hour(hour)}});
    return OpenHour{hour, 0};
  }
  SDP_TRY(const auto stored, lake_.chain_begin(chain));
  return OpenHour{stored.value_or(begin).hour, 0};
}

Result<lake::Hour> ChainCloser::hour_behind_others(log::Partition partition, lake::Hour at_least) {
  const auto look = [&](lake::Hour hour, std::span<const lake::HourMarker> markers) {
    for (const lake::HourMarker& marker : markers) {
      if (marker.partitions <= partition) at_least = hour + std::chrono::hours(1);
    }
    return hour >= at_least;
  };
  SDP_RETURN_IF_ERROR(lake_.markers_of(topic_.id, at_least, kHoursLookedBack, look));
  return at_least;
}

Result<ChainCloser::Planned> ChainCloser::plan(const CloseRequest& request, const OpenHour& open,
                                               lake::Hour from) {
  const lake::Hour last = by_own_clock() ? lake::Hour::max() : request.through;
  SDP_TRY(auto objects, lake_.objects_of({topic_.id, request.partition}, from, last));
  if (by_own_clock()) file_by_clock(objects, request.through);
  log::Offset chain_end = request.chain_end.value_or(0);
  if (!objects.empty()) {
    SDP_TRY(const auto newest,
            lake_.meta_of(std::ranges::max(objects, {}, &lake_reader::ChainObject::first).key));
    chain_end = std::max(chain_end, newest.range.end);
  }
  Planned planned;
  for (const Closing& closing : plan_closings(open, objects, chain_end, request.through)) {
    std::vector<lake::ObjectMeta> metas;
    for (const std::string& key : closing.keys) {
      SDP_TRY(metas.emplace_back(), lake_.meta_of(key));
    }
    planned.markers.push_back(make_marker(topic_, request.partition, closing, metas, lake_.places()));
    planned.whole = planned.whole && is_whole(closing, metas);
  }
  return planned;
}

Result<std::vector<lake::HourMarker>> ChainCloser::put_all(const std::vector<lake::HourMarker>& markers,
                                                           OpenHour& open) {
  std::vector<lake::HourMarker> closed;
  for (const lake::HourMarker& marker : markers) {
    if (marker.range.first != open.first) {
      log_event("hours.overtaken", {{"topic", topic_.name},
                                    {"partition", marker.chain.partition},
                                    {"hour", lake::format_hour(marker.hour)},
                                    {"first", marker.range.first},
                                    {"end", open.first}});
      break;
    }
    SDP_TRY(closed.emplace_back(), put(marker));
    open = {marker.hour + std::chrono::hours(1), closed.back().range.end};
  }
  return closed;
}

Result<lake::HourMarker> ChainCloser::put(const lake::HourMarker& marker) {
  const std::string key = lake_.places().marker_key(marker.chain, marker.hour);
  SDP_TRY(const auto outcome, store_.put_new(key, to_json(marker), {}, kJson));
  if (outcome == store::PutOutcome::created) return marker;
  return lake_.marker(marker.chain, marker.hour);
}

}  // namespace sdp::sink
