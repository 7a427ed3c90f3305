#include "verify/check_hours.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

#include "base/sha256.h"
#include "lake/hour_marker.h"
#include "verify/parallel.h"

namespace sdp::verify {
namespace {

using Objects = std::span<LakeObject* const>;

struct ChainHours {
  std::optional<lake::Hour> begin;
  std::map<lake::Hour, lake::HourMarker> markers;
};

using Hours = std::map<lake::ChainId, ChainHours>;

/// Reads what is below `bronze/_closed/`. Used by several threads.
class HourReader {
 public:
  HourReader(store::ObjectStore& store, Findings& findings) : store_(store), findings_(findings) {}

  Result<void> read(const std::string& key) {
    SDP_TRY(const store::Object stored, store_.get(key));
    std::lock_guard lock(mutex_);
    key.starts_with(std::string(lake::kClosedPrefix) + "begin/") ? begin(key, stored.body)
                                                                 : marker(key, stored.body);
    return {};
  }
  const Hours& hours() const { return hours_; }

 private:
  void begin(const std::string& key, std::string_view body) {
    const auto begin = lake::chain_begin_from_json(body);
    if (!begin) return bad(key, begin.error().message);
    if (lake::chain_begin_key(begin->chain) != key) return bad(key, "wrong key");
    hours_[begin->chain].begin = begin->hour;
  }

  void marker(const std::string& key, std::string_view body) {
    const auto marker = lake::hour_marker_from_json(body);
    if (!marker) return bad(key, marker.error().message);
    if (lake::hour_marker_key(marker->chain, marker->hour) != key) return bad(key, "wrong key");
    hours_[marker->chain].markers[marker->hour] = *marker;
  }

  void bad(const std::string& key, std::string_view why) {
    findings_.item(Stage::lake, "bad hour marker", fmt::format("{}: {}", key, why));
  }

  store::ObjectStore& store_;
  Findings& findings_;
  std::mutex mutex_;
  Hours hours_;
};

/// Walks along the closed hours of one chain.
class HourWalk {
 public:
  HourWalk(const LakeView& view, Findings& findings) : view_(view), findings_(findings) {}

  void run(const lake::ChainId& chain, const ChainHours& hours) {
    if (hours.markers.empty()) return;
    const auto& [first, first_marker] = *hours.markers.begin();
    if (!hours.begin) wrong("hours without a begin", first_marker, "no " + lake::chain_begin_key(chain));
    lake::Hour open = hours.begin.value_or(first);
    log::Offset at = 0;
    for (const auto& [hour, marker] : hours.markers) {
      if (hour != open) {
        wrong("hole in the hours of a chain", marker,
              fmt::format("comes instead of {}", lake::format_hour(open)));
      }
      if (marker.range.first != at) {
        wrong("hours that do not join", marker,
              fmt::format("starts at offset {} instead of {}", marker.range.first, at));
      }
      check_objects(marker);
      open = hour + std::chrono::hours(1);
      at = marker.range.end;
    }
  }

 private:
  /// The objects that start in the hour.
  Objects objects_of(const lake::HourMarker& marker) const {
    const auto found = view_.chains.find(marker.chain);
    if (found == view_.chains.end()) return {};
    const auto first_of = [](const LakeObject* object) { return object->meta.range.first; };
    const auto& all = found->second.objects;
    const auto from = std::ranges::lower_bound(all, marker.range.first, {}, first_of);
    return {from, std::ranges::lower_bound(from, all.end(), marker.range.end, {}, first_of)};
  }

  void check_objects(const lake::HourMarker& marker) {
    const Objects objects = objects_of(marker);
    if (!objects.empty() && objects.back()->meta.range.end > marker.range.end) {
      wrong("hour that ends inside an object", marker, objects.back()->key);
    }
    std::int64_t records = 0;
    std::int64_t rejected = 0;
    std::string lines;
    for (const LakeObject* object : objects) {
      records += object->meta.records;
      rejected += object->meta.rejected;
      lines += fmt::format("{} {}\n", object->key, object->meta.sha256);
    }
    const auto count = static_cast<std::int64_t>(objects.size());
    if (count == marker.objects && records == marker.records && rejected == marker.rejected &&
        base::sha256_hex(lines) == marker.sha256) {
      return;
    }
    wrong(
        "closed hour with other objects than were counted", marker,
        fmt::format("{} objects of {} records, {} rejected, instead of {} of {}, {}{}{}", count, records,
                    rejected, marker.objects, marker.records, marker.rejected,
                    objects.empty() ? "" : "; the last one is ", objects.empty() ? "" : objects.back()->key));
  }

  void wrong(std::string_view kind, const lake::HourMarker& marker, std::string_view detail) {
    findings_.item(Stage::lake, kind,
                   fmt::format("{}: {}", lake::hour_marker_key(marker.chain, marker.hour), detail));
  }

  const LakeView& view_;
  Findings& findings_;
};

}  // namespace

Result<void> check_hours(const LakeView& view, std::span<const std::string> keys, store::ObjectStore& store,
                         const VerifyLimits& limits, Findings& findings) {
  HourReader reader(store, findings);
  SDP_RETURN_IF_ERROR(
      in_parallel(limits.threads, keys.size(), [&](std::size_t i, int) { return reader.read(keys[i]); }));
  HourWalk walk(view, findings);
  for (const auto& [chain, hours] : reader.hours()) walk.run(chain, hours);
  return {};
}

}  // namespace sdp::verify
