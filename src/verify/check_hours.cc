#include "verify/check_hours.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/parallel.h"
#include "base/sha256.h"
#include "lake/hour_marker.h"

namespace sdp::verify {
namespace {

using Objects = std::span<LakeObject* const>;

struct ChainHours {
  std::optional<lake::Hour> begin;
  std::map<lake::Hour, lake::HourMarker> markers;
};

using Hours = std::map<lake::ChainId, ChainHours>;

/// Reads begins and markers. Used by several threads.
class HourReader {
 public:
  HourReader(store::ObjectStore& store, const LakeListing& listing, Findings& findings)
      : store_(store), places_(listing.places), upgrade_(listing.upgrade), findings_(findings) {}

  Result<void> read(const std::string& key) {
    SDP_TRY(const store::Object stored, store_.get(key));
    std::lock_guard lock(mutex_);
    key.starts_with(places_.begins_prefix()) ? begin(key, stored.body) : marker(key, stored.body);
    return {};
  }
  const Hours& hours() const { return hours_; }

 private:
  void begin(const std::string& key, std::string_view body) {
    const auto begin = lake::chain_begin_from_json(body);
    if (!begin) return bad(key, begin.error().message);
    if (places_.begin_key(begin->chain) != key) return bad(key, "wrong key");
    hours_[begin->chain].begin = begin->hour;
  }

  void marker(const std::string& key, std::string_view body) {
    const auto marker = lake::hour_marker_from_json(body);
    if (!marker) return bad(key, marker.error().message);
    if (places_.marker_key(marker->chain, marker->hour) != key) return bad(key, "wrong key");
    if (!is_of_layout(*marker)) return bad(key, "it is of another layout");
    hours_[marker->chain].markers[marker->hour] = *marker;
  }

  /// Markers of layout 2 list their objects. An upgrade has copied those of layout 1, none of which goes on
  /// behind the end that the chain had then.
  bool is_of_layout(const lake::HourMarker& marker) const {
    if (marker.list) return places_.version() == 2;
    if (places_.version() == 1) return true;
    if (!upgrade_) return false;
    const auto end = upgrade_->ends.find(marker.chain);
    return marker.range.end <= (end != upgrade_->ends.end() ? end->second : 0);
  }

  void bad(const std::string& key, std::string_view why) {
    findings_.item(Stage::lake, "bad hour marker", fmt::format("{}: {}", key, why));
  }

  store::ObjectStore& store_;
  const lake::Places places_;
  const std::optional<lake::UpgradeRecord>& upgrade_;
  Findings& findings_;
  std::mutex mutex_;
  Hours hours_;
};

/// What the chains of one topic id have in common.
struct TopicHours {
  std::map<log::Partition, lake::Hour> begins;
  std::optional<lake::Hour> newest;  ///< the last hour that any partition has closed
  /// Partitions that the log has; nothing when it cannot tell.
  std::optional<int> partitions;
  bool lives = false;  ///< the log has this topic id: its hours go on being closed
};

std::map<log::TopicId, TopicHours> topics_of(const Hours& hours, const LogView& log) {
  std::map<log::TopicId, TopicHours> topics;
  for (const auto& [chain, of_chain] : hours) {
    TopicHours& topic = topics[chain.topic_id];
    if (of_chain.begin) topic.begins[chain.partition] = *of_chain.begin;
    if (of_chain.markers.empty()) continue;
    const lake::Hour last = of_chain.markers.rbegin()->first;
    topic.newest = topic.newest ? std::max(*topic.newest, last) : last;
  }
  std::set<log::TopicId> killed;
  for (const auto& [chain, held] : log.chains) {
    TopicHours& topic = topics[chain.topic_id];
    topic.partitions = std::max(topic.partitions.value_or(0), chain.partition + 1);
    if (held.gone || !log.whole) killed.insert(chain.topic_id);
  }
  if (log.living && topics.contains(*log.living)) topics[*log.living].lives = true;
  // A killed run may have noted nothing of some partitions.
  for (const log::TopicId& id : killed) topics[id].partitions.reset();
  return topics;
}

/// Walks along the closed hours of one chain.
class HourWalk {
 public:
  HourWalk(const LakeView& view, const LakeListing& listing, const TopicHours& topic, Findings& findings)
      : view_(view),
        gaps_(listing.gaps),
        ignored_(listing.ignored),
        places_(listing.places),
        topic_(topic),
        topic_name_(listing.layout ? listing.layout->topic : ""),
        findings_(findings) {}

  void run(const lake::ChainId& chain, const ChainHours& hours) {
    check_closed(chain, hours);
    if (hours.markers.empty()) return;
    const auto& [first, first_marker] = *hours.markers.begin();
    if (!hours.begin) wrong("hours without a begin", first_marker, "no " + places_.begin_key(chain));
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
      check_end(marker);
      check_topic(marker);
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
    if (!objects.empty() && objects.back()->meta.range.end > marker.range.end &&
        !starts_ignored(marker.chain, marker.range.end)) {
      wrong("hour that ends inside an object", marker, objects.back()->key);
    }
    std::vector<Counted> all;
    all.reserve(objects.size());
    for (const LakeObject* object : objects) all.push_back({&object->key, &object->meta});
    const std::vector<Counted> present = all;
    bool readable = true;
    for (const IgnoredObject* ignored : ignored_in(marker)) {
      readable = readable && ignored->meta;
      if (ignored->meta) all.push_back({&ignored->override.object_key, &*ignored->meta});
    }
    std::ranges::sort(all, {}, [](const Counted& one) { return std::pair(one.meta->range.first, *one.key); });
    // A marker that was written before an object was ignored has it, and not what is used of it since.
    std::vector<Counted> before = all;
    std::erase_if(before, [&](const Counted& one) { return is_used_part(*one.key); });
    if (is_as_counted(marker, all) || is_as_counted(marker, before) || is_as_counted(marker, present)) {
      if (marker.list && *marker.list != list_of(all) && *marker.list != list_of(before) &&
          *marker.list != list_of(present))
        wrong("closed hour that lists other ranges than its objects have", marker, "");
      return;
    }
    // What an ignored object was counted with cannot be told without its metadata: the others must be there.
    if (!readable && has_all_of(marker, present)) return;
    const Counts counts = counts_of(present);
    wrong(
        "closed hour with other objects than were counted", marker,
        fmt::format("{} objects of {} records, {} rejected, instead of {} of {}, {}{}{}", present.size(),
                    counts.records, counts.rejected, marker.objects, marker.records, marker.rejected,
                    objects.empty() ? "" : "; the last one is ", objects.empty() ? "" : objects.back()->key));
  }

  /// An object as a marker counts it.
  struct Counted {
    const std::string* key = nullptr;
    const lake::ObjectMeta* meta = nullptr;
  };
  struct Counts {
    std::int64_t records = 0;
    std::int64_t rejected = 0;
    std::string lines;
  };

  static Counts counts_of(std::span<const Counted> objects) {
    Counts counts;
    for (const Counted& object : objects) {
      counts.records += object.meta->records;
      counts.rejected += object.meta->rejected;
      counts.lines += fmt::format("{} {}\n", *object.key, object.meta->sha256);
    }
    return counts;
  }

  static std::vector<lake::ListedRange> list_of(std::span<const Counted> objects) {
    std::vector<lake::ListedRange> list;
    list.reserve(objects.size());
    for (const Counted& object : objects) list.push_back({*object.key, object.meta->range});
    return list;
  }

  static bool is_as_counted(const lake::HourMarker& marker, std::span<const Counted> objects) {
    const Counts counts = counts_of(objects);
    return static_cast<std::int64_t>(objects.size()) == marker.objects && counts.records == marker.records &&
           counts.rejected == marker.rejected && base::sha256_hex(counts.lines) == marker.sha256;
  }

  /// The ignored objects that start in the hour and that its marker may have counted.
  std::vector<const IgnoredObject*> ignored_in(const lake::HourMarker& marker) const {
    std::vector<const IgnoredObject*> found;
    for (const IgnoredObject& ignored : ignored_) {
      const lake::Override& override = ignored.override;
      if (override.chain != marker.chain || override.range.first < marker.range.first ||
          override.range.first >= marker.range.end) {
        continue;
      }
      const auto is_it = [&](const lake::ListedRange& one) { return one.object_key == override.object_key; };
      if (!marker.list || std::ranges::any_of(*marker.list, is_it)) found.push_back(&ignored);
    }
    return found;
  }

  bool is_used_part(std::string_view key) const {
    return std::ranges::any_of(ignored_,
                               [&](const IgnoredObject& ignored) { return ignored.override.used_in == key; });
  }

  bool starts_ignored(const lake::ChainId& chain, log::Offset at) const {
    return std::ranges::any_of(ignored_, [&](const IgnoredObject& ignored) {
      return ignored.override.chain == chain && ignored.override.range.first == at;
    });
  }

  /// Whether the marker lists the objects that are there, besides ignored ones; without a list, as many.
  bool has_all_of(const lake::HourMarker& marker, std::span<const Counted> present) const {
    const auto besides = static_cast<std::int64_t>(ignored_in(marker).size());
    if (!marker.list) {
      const auto count = static_cast<std::int64_t>(present.size());
      return count <= marker.objects && marker.objects <= count + besides;
    }
    std::vector<lake::ListedRange> list = *marker.list;
    std::erase_if(list, [&](const lake::ListedRange& one) {
      return std::ranges::any_of(ignored_, [&](const IgnoredObject& ignored) {
        return ignored.override.object_key == one.object_key;
      });
    });
    return list == list_of(present) && marker.objects == static_cast<std::int64_t>(marker.list->size());
  }

  /// An hour ends where an object does, or the gap behind the last one.
  void check_end(const lake::HourMarker& marker) {
    const auto found = view_.chains.find(marker.chain);
    const log::Offset end = found == view_.chains.end() ? 0 : found->second.end;
    const bool at_gap = std::ranges::any_of(gaps_, [&](const lake::Gap& gap) {
      return gap.chain == marker.chain && gap.range.end == marker.range.end;
    });
    if (marker.range.end <= end || at_gap) return;
    wrong("hour that ends behind its chain", marker,
          fmt::format("offset {}, but the chain ends at {}", marker.range.end, end));
  }

  /// The marker's topic, and how many partitions that had.
  void check_topic(const lake::HourMarker& marker) {
    constexpr std::string_view kOthers = "hour marker of a topic with other partitions";
    if (!topic_name_.empty() && marker.topic != topic_name_) {
      wrong("hour marker of another topic", marker,
            fmt::format("{} instead of {}", marker.topic, topic_name_));
    }
    if (topic_.partitions && marker.partitions > *topic_.partitions) {
      wrong(kOthers, marker,
            fmt::format("{} partitions, but the log has {}", marker.partitions, *topic_.partitions));
    }
    if (marker.partitions < partitions_) {
      wrong(kOthers, marker,
            fmt::format("{} partitions, but {} an hour before", marker.partitions, partitions_));
    }
    partitions_ = marker.partitions;
    const auto begun = std::ranges::find_if(topic_.begins, [&](const auto& begin) {
      return begin.first >= marker.partitions && begin.second <= marker.hour;
    });
    if (begun == topic_.begins.end()) return;
    wrong(kOthers, marker, fmt::format("{} partitions, but p{} had begun", marker.partitions, begun->first));
  }

  /// Hours behind the chain's newest marker that another partition has closed: this one follows within
  /// minutes, as soon as it goes on or its hour is over.
  void check_closed(const lake::ChainId& chain, const ChainHours& hours) {
    if (!topic_.lives || !hours.begin || !topic_.newest) return;
    const bool none = hours.markers.empty();
    const lake::Hour open = none ? *hours.begin : hours.markers.rbegin()->first + std::chrono::hours(1);
    const log::Offset closed_to = none ? 0 : hours.markers.rbegin()->second.range.end;
    const bool long_ago = open < *topic_.newest;
    if (!long_ago && (open > *topic_.newest || !goes_on(chain, closed_to, open))) return;
    findings_.pending_item(Stage::lake, "hour not closed yet",
                           fmt::format("{}: another partition has closed {}", places_.marker_key(chain, open),
                                       lake::format_hour(*topic_.newest)));
  }

  /// True when an object behind `offset` is of a later hour.
  bool goes_on(const lake::ChainId& chain, log::Offset offset, lake::Hour hour) const {
    const auto found = view_.chains.find(chain);
    if (found == view_.chains.end()) return false;
    return std::ranges::any_of(found->second.objects, [&](const LakeObject* object) {
      return object->meta.range.first >= offset && lake::hour_of(object->meta.first_timestamp) > hour;
    });
  }

  void wrong(std::string_view kind, const lake::HourMarker& marker, std::string_view detail) {
    findings_.item(Stage::lake, kind,
                   fmt::format("{}: {}", places_.marker_key(marker.chain, marker.hour), detail));
  }

  const LakeView& view_;
  std::span<const lake::Gap> gaps_;
  std::span<const IgnoredObject> ignored_;
  const lake::Places places_;
  const TopicHours& topic_;
  const std::string topic_name_;
  Findings& findings_;
  int partitions_ = 0;  // of the hour before
};

}  // namespace

Result<void> check_hours(const LakeView& view, const LakeListing& listing, const LogView& log,
                         store::ObjectStore& store, const VerifyLimits& limits, Findings& findings) {
  HourReader reader(store, listing, findings);
  const std::vector<std::string>& keys = listing.hours;
  SDP_RETURN_IF_ERROR(base::in_parallel(limits.threads, keys.size(),
                                        [&](std::size_t i, int) { return reader.read(keys[i]); }));
  auto topics = topics_of(reader.hours(), log);
  for (const auto& [chain, hours] : reader.hours()) {
    HourWalk(view, listing, topics[chain.topic_id], findings).run(chain, hours);
  }
  return {};
}

}  // namespace sdp::verify
