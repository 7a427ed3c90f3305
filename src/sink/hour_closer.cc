#include "sink/hour_closer.h"

#include <algorithm>
#include <utility>

#include "diag/log.h"

namespace sdp::sink {
namespace {

using diag::log_event;

constexpr std::string_view kJson = "application/json";
constexpr std::size_t kRequestsMax = 1'000;
/// How far back a new chain looks for hours that were complete without it.
constexpr int kHoursLookedBack = 48;

}  // namespace

HourCloser::HourCloser(log::EventLog& log, store::ObjectStore& store, log::TopicInfo topic)
    : log_(log), store_(store), lake_(store), topic_(std::move(topic)) {
  thread_ = std::jthread([this] {
    while (auto request = requests_.pop()) {
      auto closed = close(*request);
      // The remembered open hour may be the cause.
      if (!closed) open_.erase(request->partition);
      results_.push({*request, std::move(closed)});
    }
  });
}

HourCloser::~HourCloser() {
  while (requests_.try_pop()) continue;
  requests_.close();
  results_.close();
}

void HourCloser::request(const CloseRequest& request) {
  if (requests_.size() < kRequestsMax) {
    requests_.push(request);
  } else {
    log_event("hours.dropped", {{"topic", topic_.name},
                                {"partition", request.partition},
                                {"hour", lake::format_hour(request.through)}});
  }
}

std::optional<CloseResult> HourCloser::next_result() {
  return results_.try_pop();
}

Result<std::vector<lake::HourMarker>> HourCloser::close(const CloseRequest& request) {
  // Step 1.
  SDP_TRY(const log::TopicInfo now, log_.describe());
  if (now.id != topic_.id) return std::vector<lake::HourMarker>{};
  topic_.partitions = std::max(topic_.partitions, now.partitions);
  // Step 2.
  if (!open_.contains(request.partition)) {
    SDP_TRY(open_[request.partition], find_or_begin(request));
  }
  OpenHour& open = open_[request.partition];
  if (open.hour > request.through) return std::vector<lake::HourMarker>{};
  // Step 3.
  SDP_TRY(Planned planned, plan(request, open, open.hour - std::chrono::hours(1)));
  if (!planned.whole) {
    log_event("hours.listed_again", {{"topic", topic_.name},
                                     {"partition", request.partition},
                                     {"hour", lake::format_hour(request.through)}});
    SDP_TRY(planned, plan(request, open, lake::Hour::min()));
  }
  // Step 4.
  return put_all(planned.markers, open);
}

Result<OpenHour> HourCloser::find_or_begin(const CloseRequest& request) {
  const lake::ChainId chain{topic_.id, request.partition};
  SDP_TRY(const auto stored, lake_.chain_begin(chain));
  if (!stored) return begin(request);
  SDP_TRY(const auto newest, lake_.newest_marker(chain, stored->hour));
  if (newest) return OpenHour{newest->hour + std::chrono::hours(1), newest->range.end};
  return OpenHour{stored->hour, 0};
}

Result<OpenHour> HourCloser::begin(const CloseRequest& request) {
  const lake::ChainId chain{topic_.id, request.partition};
  SDP_TRY(const auto first, lake_.first_hour_of(chain));
  SDP_TRY(const lake::Hour hour, hour_behind_others(request.partition, first.value_or(request.through)));
  const lake::ChainBegin begin{chain, hour};
  SDP_TRY(const auto outcome, store_.put_new(lake::chain_begin_key(chain), to_json(begin), {}, kJson));
  if (outcome == store::PutOutcome::created) {
    log_event("hours.begun",
              {{"topic", topic_.name}, {"partition", request.partition}, {"hour", lake::format_hour(hour)}});
    return OpenHour{hour, 0};
  }
  SDP_TRY(const auto stored, lake_.chain_begin(chain));
  return OpenHour{stored.value_or(begin).hour, 0};
}

Result<lake::Hour> HourCloser::hour_behind_others(log::Partition partition, lake::Hour at_least) {
  const auto look = [&](lake::Hour hour, std::span<const lake::HourMarker> markers) {
    for (const lake::HourMarker& marker : markers) {
      if (marker.partitions <= partition) at_least = hour + std::chrono::hours(1);
    }
    return hour >= at_least;
  };
  SDP_RETURN_IF_ERROR(lake_.markers_of(topic_.id, at_least, kHoursLookedBack, look));
  return at_least;
}

Result<HourCloser::Planned> HourCloser::plan(const CloseRequest& request, const OpenHour& open,
                                             lake::Hour from) {
  SDP_TRY(const auto objects, lake_.objects_of({topic_.id, request.partition}, from, request.through));
  log::Offset chain_end = request.chain_end;
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
    planned.markers.push_back(make_marker(topic_, request.partition, closing, metas));
    planned.whole = planned.whole && is_whole(closing, metas);
  }
  return planned;
}

Result<std::vector<lake::HourMarker>> HourCloser::put_all(const std::vector<lake::HourMarker>& markers,
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

Result<lake::HourMarker> HourCloser::put(const lake::HourMarker& marker) {
  const std::string key = lake::hour_marker_key(marker.chain, marker.hour);
  SDP_TRY(const auto outcome, store_.put_new(key, to_json(marker), {}, kJson));
  if (outcome == store::PutOutcome::created) return marker;
  return lake_.marker(marker.chain, marker.hour);
}

}  // namespace sdp::sink
