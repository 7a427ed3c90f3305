#include "sink/hour_closer.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/sha256.h"
#include "hours/hour_folders.h"
#include "lake/object_key.h"

namespace sdp::sink {
namespace {

constexpr std::string_view kJson = "application/json";
/// How far back a new chain looks for hours that were complete without it.
constexpr int kHoursLookedBack = 48;

}  // namespace

HourCloser::HourCloser(log::EventLog& log, store::ObjectStore& store, log::TopicInfo topic)
    : log_(log), store_(store), topic_(std::move(topic)) {
  thread_ = std::jthread([this] {
    while (auto request = requests_.pop()) {
      auto closed = close(*request);
      // What is remembered may be what went wrong.
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
  if (requests_.size() < 1'000) requests_.push(request);
}

std::optional<CloseResult> HourCloser::next_result() {
  return results_.try_pop();
}

Result<std::vector<lake::HourMarker>> HourCloser::close(const CloseRequest& request) {
  SDP_TRY(const log::TopicInfo now, log_.describe());
  if (now.id != topic_.id)
    return std::vector<lake::HourMarker>{};  // the chains of this id get no more records
  topic_.partitions = std::max(topic_.partitions, now.partitions);
  if (!open_.contains(request.partition)) {
    SDP_TRY(open_[request.partition], find_open(request));
  }
  Open& open = open_[request.partition];
  std::vector<lake::HourMarker> closed;
  if (open.hour > request.through) return closed;
  SDP_TRY(Planned planned, plan(request, open, open.hour - std::chrono::hours(1)));
  // A clock that was further off has filed objects in older folders, or there is a gap.
  if (!planned.whole) {
    SDP_TRY(planned, plan(request, open, lake::Hour::min()));
  }
  for (const lake::HourMarker& marker : planned.markers) {
    // Somebody else closed an hour otherwise: theirs stands, and the rest is looked at anew next time.
    if (marker.range.first != open.at) break;
    SDP_TRY(closed.emplace_back(), put(marker));
    open = {marker.hour + std::chrono::hours(1), closed.back().range.end};
  }
  return closed;
}

Result<HourCloser::Planned> HourCloser::plan(const CloseRequest& request, const Open& open, lake::Hour from) {
  const lake::ChainId chain{topic_.id, request.partition};
  SDP_TRY(const auto objects, objects_of(chain, from, request.through));
  log::Offset chain_end = request.chain_end;
  if (!objects.empty()) {
    SDP_TRY(const auto newest, meta_of(std::ranges::max(objects, {}, &HourObject::first).key));
    chain_end = std::max(chain_end, newest.range.end);
  }
  Planned planned;
  for (const Closing& closing : plan_closings(open.hour, open.at, objects, chain_end, request.through)) {
    log::Offset counted = 0;
    SDP_TRY(planned.markers.emplace_back(), describe(chain, closing, counted));
    planned.whole = planned.whole && counted == closing.range.end - closing.range.first;
  }
  return planned;
}

Result<HourCloser::Open> HourCloser::find_open(const CloseRequest& request) {
  const lake::ChainId chain{topic_.id, request.partition};
  SDP_TRY(const auto stored, hours::read_begin(store_, lake::chain_begin_key(chain)));
  if (!stored) {
    SDP_TRY(const auto begin, make_begin(request));
    return Open{begin.hour, 0};
  }
  Open open{stored->hour, 0};
  const auto look = [&](const hours::HourFolder& folder) -> Result<bool> {
    if (folder.hour < stored->hour) return false;
    const std::string key = lake::hour_marker_key(chain, folder.hour);
    SDP_TRY(const auto head, store_.head(key));
    if (!head) return true;
    SDP_TRY(const auto marker, hours::read_marker(store_, key));
    open = {folder.hour + std::chrono::hours(1), marker.range.end};
    return false;
  };
  SDP_RETURN_IF_ERROR(hours::walk_hours(store_, lake::kClosedPrefix, hours::Order::newest_first, look));
  return open;
}

Result<lake::ChainBegin> HourCloser::make_begin(const CloseRequest& request) {
  const lake::ChainId chain{topic_.id, request.partition};
  SDP_TRY(const auto first, first_hour_with_objects(chain));
  SDP_TRY(const lake::Hour hour, hour_behind_others(request.partition, first.value_or(request.through)));
  const lake::ChainBegin begin{chain, hour};
  SDP_TRY(const auto outcome, store_.put_new(lake::chain_begin_key(chain), to_json(begin), {}, kJson));
  if (outcome == store::PutOutcome::created) return begin;
  SDP_TRY(const auto stored, hours::read_begin(store_, lake::chain_begin_key(chain)));
  return stored.value_or(begin);
}

Result<std::optional<lake::Hour>> HourCloser::first_hour_with_objects(const lake::ChainId& chain) {
  std::optional<lake::Hour> first;
  const std::string topic_id_short = lake::short_id(chain.topic_id);
  const auto look = [&](const hours::HourFolder& folder) -> Result<bool> {
    SDP_RETURN_IF_ERROR(store_.list(folder.prefix, [&](const store::ListedObject& object) {
      const auto key = lake::parse_key(object.key);
      if (key && key->topic_id_short == topic_id_short && key->partition == chain.partition)
        first = folder.hour;
      return !first;
    }));
    return !first;
  };
  SDP_RETURN_IF_ERROR(hours::walk_hours(store_, lake::kBronzePrefix, hours::Order::oldest_first, look));
  return first;
}

Result<lake::Hour> HourCloser::hour_behind_others(log::Partition partition, lake::Hour at_least) {
  int looked_at = 0;
  const auto look = [&](const hours::HourFolder& folder) -> Result<bool> {
    if (folder.hour < at_least || ++looked_at > kHoursLookedBack) return false;
    std::vector<std::string> keys;
    const std::string of_topic = fmt::format("{}t{}_", folder.prefix, lake::short_id(topic_.id));
    SDP_RETURN_IF_ERROR(store_.list(of_topic, [&](const store::ListedObject& object) {
      keys.push_back(object.key);
      return true;
    }));
    for (const std::string& key : keys) {
      SDP_TRY(const auto marker, hours::read_marker(store_, key));
      if (marker.partitions <= partition) at_least = folder.hour + std::chrono::hours(1);
    }
    return folder.hour >= at_least;
  };
  SDP_RETURN_IF_ERROR(hours::walk_hours(store_, lake::kClosedPrefix, hours::Order::newest_first, look));
  return at_least;
}

Result<std::vector<HourObject>> HourCloser::objects_of(const lake::ChainId& chain, lake::Hour from,
                                                       lake::Hour through) {
  const std::string topic_id_short = lake::short_id(chain.topic_id);
  std::vector<HourObject> objects;
  bool behind = false;
  const auto look = [&](const hours::HourFolder& folder) -> Result<bool> {
    if (folder.hour < from) return true;
    SDP_RETURN_IF_ERROR(store_.list(folder.prefix, [&](const store::ListedObject& object) {
      const auto key = lake::parse_key(object.key);
      if (key && key->topic_id_short == topic_id_short && key->partition == chain.partition) {
        objects.push_back({object.key, key->first, folder.hour});
        behind = behind || folder.hour > through;
      }
      return true;
    }));
    return !behind;
  };
  SDP_RETURN_IF_ERROR(hours::walk_hours(store_, lake::kBronzePrefix, hours::Order::oldest_first, look));
  return objects;
}

Result<lake::ObjectMeta> HourCloser::meta_of(const std::string& key) {
  SDP_TRY(const auto head, store_.head(key));
  if (!head) {
    return fail(ErrorKind::fatal,
                fmt::format("{}: object {} is listed but has no head; the store is not consistent, "
                            "or somebody deletes objects",
                            store_.describe(), key));
  }
  auto meta = lake::meta_from(head->metadata);
  if (!meta) return std::unexpected(meta.error().in(fmt::format("{}: object {}", store_.describe(), key)));
  return meta;
}

Result<lake::HourMarker> HourCloser::describe(const lake::ChainId& chain, const Closing& closing,
                                              log::Offset& counted) {
  lake::HourMarker marker;
  marker.topic = topic_.name;
  marker.chain = chain;
  marker.partitions = std::max(topic_.partitions, chain.partition + 1);
  marker.hour = closing.hour;
  marker.range = closing.range;
  std::string objects;
  for (const std::string& key : closing.keys) {
    SDP_TRY(const lake::ObjectMeta meta, meta_of(key));
    ++marker.objects;
    marker.records += meta.records;
    marker.rejected += meta.rejected;
    counted += meta.range.end - meta.range.first;
    objects += fmt::format("{} {}\n", key, meta.sha256);
  }
  marker.sha256 = base::sha256_hex(objects);
  return marker;
}

Result<lake::HourMarker> HourCloser::put(const lake::HourMarker& marker) {
  const std::string key = lake::hour_marker_key(marker.chain, marker.hour);
  SDP_TRY(const auto outcome, store_.put_new(key, to_json(marker), {}, kJson));
  if (outcome == store::PutOutcome::created) return marker;
  return hours::read_marker(store_, key);
}

}  // namespace sdp::sink
