#include "sink/chain_end.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <string>

#include "lake/object_key.h"
#include "lake/object_meta.h"

namespace sdp::sink {
namespace {

using NewestKeys = std::map<log::Partition, std::string>;

/// The newest object of each wanted partition in one hour.
Result<NewestKeys> newest_in_hour(store::ObjectStore& store, const std::string& hour,
                                  const std::string& topic_id_short, const std::set<log::Partition>& wanted) {
  std::map<log::Partition, std::pair<log::Offset, std::string>> newest;
  SDP_RETURN_IF_ERROR(store.list(hour, [&](const store::ListedObject& object) {
    const auto key = lake::parse_key(object.key);
    if (!key || key->topic_id_short != topic_id_short || !wanted.contains(key->partition)) return true;
    auto& best = newest[key->partition];
    if (best.second.empty() || key->first > best.first) best = {key->first, object.key};
    return true;
  }));
  NewestKeys keys;
  for (auto& [partition, best] : newest) keys[partition] = std::move(best.second);
  return keys;
}

Result<log::Offset> end_of_object(store::ObjectStore& store, const std::string& key,
                                  const lake::ChainId& chain) {
  SDP_TRY(const auto head, store.head(key));
  if (!head) {
    return fail(ErrorKind::fatal,
                fmt::format("{}: object {} is listed but has no head; the store is not consistent, or "
                            "somebody deletes objects",
                            store.describe(), key));
  }
  auto meta = lake::meta_from(head->metadata);
  if (!meta) return std::unexpected(meta.error().in(fmt::format("{}: object {}", store.describe(), key)));
  if (meta->chain != chain) {
    return fail(
        ErrorKind::bad_input,
        fmt::format(
            "{}: object {} is named as one of {} but says it is of {}; two topics whose ids begin alike "
            "cannot share a lake: use another bucket or prefix for one of them",
            store.describe(), key, describe(chain), describe(meta->chain)));
  }
  return meta->range.end;
}

log::Offset skip_gaps(log::Offset at, const lake::ChainId& chain, std::span<const lake::Gap> gaps) {
  // Gaps may follow each other, so each pass that moves is followed by another; each gap moves at most once.
  for (bool moved = true; moved;) {
    moved = false;
    for (const lake::Gap& gap : gaps) {
      if (gap.chain == chain && gap.range.first <= at && at < gap.range.end) {
        at = gap.range.end;
        moved = true;
      }
    }
  }
  return at;
}

}  // namespace

Result<std::map<log::Partition, log::Offset>> find_chain_ends(store::ObjectStore& store,
                                                              const log::TopicId& topic_id,
                                                              std::span<const log::Partition> partitions) {
  std::set<log::Partition> missing(partitions.begin(), partitions.end());
  std::map<log::Partition, log::Offset> ends;
  const std::string topic_id_short = lake::short_id(topic_id);
  SDP_TRY(auto days, store.list_folders(lake::kBronzePrefix));
  std::erase_if(days, [](const std::string& day) { return !day.starts_with("bronze/date="); });
  for (auto day = days.rbegin(); day != days.rend() && !missing.empty(); ++day) {
    SDP_TRY(const auto hours, store.list_folders(*day));
    for (auto hour = hours.rbegin(); hour != hours.rend() && !missing.empty(); ++hour) {
      SDP_TRY(const NewestKeys newest, newest_in_hour(store, *hour, topic_id_short, missing));
      for (const auto& [partition, key] : newest) {
        SDP_TRY(ends[partition], end_of_object(store, key, {topic_id, partition}));
        missing.erase(partition);
      }
    }
  }
  for (const log::Partition partition : missing) ends[partition] = 0;
  return ends;
}

Result<std::vector<lake::Gap>> read_gaps(store::ObjectStore& store, const log::TopicId& topic_id) {
  std::vector<std::string> keys;
  const std::string prefix = fmt::format("{}t{}_", lake::kGapsPrefix, lake::short_id(topic_id));
  SDP_RETURN_IF_ERROR(store.list(prefix, [&](const store::ListedObject& object) {
    keys.push_back(object.key);
    return true;
  }));
  std::vector<lake::Gap> gaps;
  for (const std::string& key : keys) {
    SDP_TRY(const store::Object object, store.get(key));
    auto gap = lake::gap_from_json(object.body);
    if (!gap) return std::unexpected(gap.error().in(fmt::format("{}: object {}", store.describe(), key)));
    gaps.push_back(*std::move(gap));
  }
  return gaps;
}

Result<log::Offset> start_offset(store::ObjectStore& store, const lake::ChainId& chain,
                                 std::string_view topic, log::Offset chain_end,
                                 const log::Watermarks& available, GapPolicy policy) {
  if (chain_end > available.end) {
    return fail(
        ErrorKind::data_gap,
        fmt::format(
            "topic {} {}: the lake holds offsets up to {} but the log ends at {}: the log lost records it "
            "had acknowledged (unclean leader election, restored broker?). Nothing is written; compare "
            "with `spotify-pipeline verify`, and send new events to a new topic",
            topic, describe(chain), chain_end, available.end));
  }
  if (chain_end >= available.start) return chain_end;

  SDP_TRY(const auto gaps, read_gaps(store, chain.topic_id));
  const log::Offset after_gaps = skip_gaps(chain_end, chain, gaps);
  if (after_gaps >= available.start) return after_gaps;
  if (policy == GapPolicy::stop) {
    return fail(
        ErrorKind::data_gap,
        fmt::format(
            "topic {} {}: offsets [{}, {}) are lost: the log deleted them before they were in the lake. "
            "Give the topic longer retention; to go on without them, run once with --allow-gap, which "
            "records the gap in the lake",
            topic, describe(chain), after_gaps, available.start));
  }
  const lake::Gap gap{std::string(topic), chain, {after_gaps, available.start}};
  SDP_TRY(const auto outcome,
          store.put_new(lake::gap_key(chain, after_gaps), to_json(gap), {}, "application/json"));
  // Lost a race: another sink recorded a gap that starts here, perhaps a shorter one. Reading again settles
  // it.
  if (outcome == store::PutOutcome::exists)
    return start_offset(store, chain, topic, chain_end, available, policy);
  return available.start;
}

}  // namespace sdp::sink
