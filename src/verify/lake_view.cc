#include "verify/lake_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <set>
#include <utility>

#include "base/parallel.h"
#include "diag/progress.h"
#include "lake/hour_marker.h"
#include "verify/check_hours.h"

namespace sdp::verify {
namespace {

Result<void> read_gap(LakeListing& listing, const std::string& key, store::ObjectStore& store,
                      Findings& findings) {
  SDP_TRY(const store::Object stored, store.get(key));
  const auto gap = lake::gap_from_json(stored.body);
  if (!gap || listing.places.gap_key(gap->chain, gap->range.first) != key) {
    findings.item(Stage::lake, "bad gap record",
                  fmt::format("{}: {}", key, gap ? "wrong key" : gap.error().message));
    return {};
  }
  listing.gaps.push_back(*gap);
  return {};
}

Result<void> read_layout(LakeListing& listing, store::ObjectStore& store, Findings& findings) {
  const std::string_view key = listing.places.layout_key();
  SDP_TRY(const store::Object stored, store.get(key));
  auto layout = lake::layout_from_json(stored.body);
  if (!layout) {
    findings.item(Stage::lake, "bad layout", fmt::format("{}: {}", key, layout.error().message));
    return {};
  }
  // The values that docs/formats/layout.md has so far.
  const lake::LakeLayout known{.version = listing.places.version(),
                               .format = "json-lines",
                               .compression = layout->compression,
                               .partitioner = "broker-hour",
                               .topic = layout->topic};
  if (const auto same = lake::check_same(*layout, known); !same) {
    findings.item(Stage::lake, "bad layout",
                  fmt::format("{}: version {}, format {}, partitioner {}: not all are known", key,
                              layout->version, layout->format, layout->partitioner));
  }
  listing.layout = *std::move(layout);
  return {};
}

Result<void> read_upgrade(LakeListing& listing, store::ObjectStore& store, Findings& findings) {
  SDP_TRY(const store::Object stored, store.get(lake::kUpgradeKey));
  auto record = lake::upgrade_record_from_json(stored.body);
  if (!record) {
    findings.item(Stage::lake, "bad upgrade record",
                  fmt::format("{}: {}", lake::kUpgradeKey, record.error().message));
    return {};
  }
  listing.upgrade = *std::move(record);
  return {};
}

/// The record's layout is the lake's, and each of its chains has an object that ends where it says.
void check_upgrade(const LakeView& view, const LakeListing& listing, Findings& findings) {
  if (!listing.upgrade) return;
  const auto wrong = [&](const std::string& why) {
    findings.item(Stage::lake, "bad upgrade record", fmt::format("{}: {}", lake::kUpgradeKey, why));
  };
  if (listing.layout && *listing.layout != listing.upgrade->layout)
    wrong(fmt::format("{} says something else", listing.places.layout_key()));
  for (const auto& [id, end] : listing.upgrade->ends) {
    const auto chain = view.chains.find(id);
    const bool is_end = chain != view.chains.end() &&
                        std::ranges::any_of(chain->second.objects, [&](const LakeObject* object) {
                          return object->meta.range.end == end;
                        });
    if (!is_end) wrong(fmt::format("{}: no object ends at offset {}", lake::describe(id), end));
  }
}

/// Walks along one chain and along its log, and names what does not fit.
class ChainWalk {
 public:
  ChainWalk(const lake::ChainId& id, LakeChain& chain, const LogChain* log, const LakeListing& listing,
            std::vector<std::string>& exceptions, Findings& findings)
      : id_(id), chain_(chain), log_(log), gaps_(listing.gaps), exceptions_(exceptions), findings_(findings) {
    for (const IgnoredObject& ignored : listing.ignored) {
      if (ignored.override.chain == id && ignored.override.keeps_place()) kept_.push_back(&ignored.override);
    }
    std::ranges::sort(kept_, {}, [](const lake::Override* kept) { return kept->range; });
  }

  void run() {
    std::ranges::sort(chain_.objects, {}, [](const LakeObject* object) {
      return std::pair(object->meta.range.first, std::string_view(object->key));
    });
    for (LakeObject* object : chain_.objects) step(*object);
    for (const lake::Override* kept : kept_) pass_over(*kept);
    tail();
  }

 private:
  void step(LakeObject& object) {
    const auto range = object.meta.range;
    bool continues = range.first >= chain_.end;
    if (range.first > chain_.end) continues = hole({chain_.end, range.first}, object.key);
    if (range.first < chain_.end) {
      findings_.item(Stage::lake, "overlapping object",
                     fmt::format("{}: {} starts at offset {}, but the chain had come to {}",
                                 lake::describe(id_), object.key, range.first, chain_.end));
    }
    object.in_chain = continues;
    chain_.end = std::max(chain_.end, range.end);
  }

  /// No sink writes at the place of an ignored object at the end of the chain: it goes on behind it.
  void pass_over(const lake::Override& kept) {
    if (kept.next <= chain_.end) return;
    hole({chain_.end, kept.next}, kept.object_key);
    chain_.end = kept.next;
  }

  /// How far acknowledged gaps cover a range from its first offset on; several may follow each other.
  log::Offset covered(lake::OffsetRange range) const {
    log::Offset at = range.first;
    for (bool further = true; further && at < range.end;) {
      further = false;
      for (const lake::Gap& gap : gaps_) {
        if (gap.chain != id_ || at < gap.range.first || at >= gap.range.end) continue;
        at = std::min(gap.range.end, range.end);
        further = true;
      }
    }
    return at;
  }

  /// True when the hole is covered by acknowledged gaps and by ignored objects.
  bool hole(lake::OffsetRange range, std::string_view next_key) {
    missing(range);
    while (!range.empty()) {
      range.first = covered(range);
      const auto kept = std::ranges::find_if(kept_, [&](const lake::Override* override) {
        return override->range.first <= range.first && range.first < override->range.end;
      });
      if (range.empty() || kept == kept_.end()) break;
      const log::Offset end = std::min(range.end, (*kept)->range.end);
      lost_with(**kept, {range.first, end});
      range.first = end;
    }
    if (range.empty()) return true;
    findings_.range(Stage::lake, "hole in a chain", id_, range, fmt::format("before {}", next_key));
    return false;
  }

  /// What the log still has is named as missing; the rest is nowhere.
  void lost_with(const lake::Override& ignored, lake::OffsetRange range) {
    if (log_) range.end = std::min(range.end, log_->start);
    if (range.empty()) return;
    exceptions_.push_back(fmt::format("offsets [{}, {}) of {} (object ignored: {})", range.first, range.end,
                                      lake::describe(id_), ignored.reason));
  }

  /// Names the records that the log has in a range which no object claims.
  void missing(lake::OffsetRange range) {
    if (!log_) return;
    for (log::Offset at = std::max(range.first, log_->start); at < std::min(range.end, log_->end); ++at) {
      if (log_->has(at)) findings_.offset(Stage::lake, "missing from the lake", id_, at);
    }
  }

  /// What the log has behind the end of the chain.
  void tail() {
    if (!log_) return;
    if (chain_.end < log_->start) missing_for_ever({chain_.end, log_->start});
    // What transactions leave behind the last record never comes to the lake, and is not missing.
    const lake::OffsetRange rest{log_->next_record(chain_.end), log_->end};
    if (rest.empty()) return;
    if (log_->gone) {
      findings_.note(fmt::format("{}: offsets [{}, {}) were in the memory of a killed run and died with it",
                                 lake::describe(id_), rest.first, rest.end));
      return;
    }
    findings_.pending(Stage::lake, "not yet in the lake", id_, rest);
  }

  void missing_for_ever(lake::OffsetRange range) {
    range.first = covered(range);
    if (!range.empty())
      findings_.range(Stage::lake, "lost: no longer in the log, not in the lake", id_, range);
  }

  const lake::ChainId& id_;
  LakeChain& chain_;
  const LogChain* log_;
  std::span<const lake::Gap> gaps_;
  std::vector<const lake::Override*> kept_;  // of the chain, those that keep their place
  std::vector<std::string>& exceptions_;
  Findings& findings_;
};

/// Walks along the gap records of one chain: each begins where the chain has a hole, or at its end, or where
/// the gap before it ends.
class GapWalk {
 public:
  GapWalk(const lake::ChainId& id, const LakeChain& chain, const LogChain* log, const LakeListing& listing,
          Findings& findings)
      : id_(id),
        chain_(chain),
        log_(log),
        ignored_(listing.ignored),
        places_(listing.places),
        topic_(listing.layout ? listing.layout->topic : ""),
        findings_(findings) {}

  void run(std::vector<lake::Gap> gaps) {
    std::ranges::sort(gaps, {}, [](const lake::Gap& gap) { return gap.range.first; });
    for (const lake::Gap& gap : gaps) step(gap);
  }

 private:
  void step(const lake::Gap& gap) {
    if (!topic_.empty() && gap.topic != topic_) {
      wrong("gap record of another topic", gap, fmt::format("{} instead of {}", gap.topic, topic_));
    }
    if (chain_.objects.empty() && !log_) {
      return wrong("gap record of an unknown chain", gap, "neither the lake nor the log has anything of it");
    }
    const bool joins = gap.range.first == end_of_gap_ && !in_lake(gap.range.first);
    if (!joins && !begins_hole(gap.range.first)) {
      return wrong("gap record where nothing is missing", gap,
                   fmt::format("offset {} is {}", gap.range.first,
                               gap.range.first > chain_.end ? "behind the end of the chain" : "in the lake"));
    }
    end_of_gap_ = gap.range.end;
    if (log_ && gap.range.first >= chain_.end && !check_log(gap)) return;
    findings_.note(fmt::format("{}: offsets [{}, {}) were acknowledged as lost before a sink could read them",
                               lake::describe(id_), gap.range.first, gap.range.end));
  }

  /// True when an object ends at `at`, or the chain begins there, and no object starts there.
  bool begins_hole(log::Offset at) const {
    if (ends_ignored(at)) return !in_lake(at);
    log::Offset end = 0;
    for (const LakeObject* object : chain_.objects) {
      if (object->meta.range.first > end && end == at) return true;
      end = std::max(end, object->meta.range.end);
    }
    return end == at;
  }

  /// What an ignored object had is missing, too; a gap may follow it.
  bool ends_ignored(log::Offset at) const {
    return std::ranges::any_of(ignored_, [&](const IgnoredObject& ignored) {
      return ignored.override.chain == id_ && ignored.override.range.end == at;
    });
  }

  bool in_lake(log::Offset at) const {
    return std::ranges::any_of(chain_.objects, [&](const LakeObject* object) {
      return object->meta.range.first <= at && at < object->meta.range.end;
    });
  }

  /// A gap at the end of a chain: what it covers is gone from the log, whose start was its end at that time.
  bool check_log(const lake::Gap& gap) {
    // What a killed run's log had is not known.
    if (log_->gone || gap.range.end <= log_->start) return true;
    for (log::Offset at = std::max(gap.range.first, log_->start); at < std::min(gap.range.end, log_->end);
         ++at) {
      if (!log_->has(at)) continue;
      wrong("gap record over records of the log", gap, fmt::format("the log has offset {}", at));
      return false;
    }
    if (gap.range.end <= log_->end) return true;
    wrong("gap record over offsets that never were", gap, fmt::format("the log ends at {}", log_->end));
    return false;
  }

  void wrong(std::string_view kind, const lake::Gap& gap, std::string_view detail) {
    findings_.item(Stage::lake, kind, fmt::format("{}: {}", places_.gap_key(id_, gap.range.first), detail));
  }

  const lake::ChainId& id_;
  const LakeChain& chain_;
  const LogChain* log_;
  std::span<const IgnoredObject> ignored_;
  const lake::Places places_;
  const std::string topic_;
  Findings& findings_;
  log::Offset end_of_gap_ = -1;
};

void check_gaps(const LakeView& view, const LakeListing& listing, const LogView& log, Findings& findings) {
  std::map<lake::ChainId, std::vector<lake::Gap>> gaps;
  for (const lake::Gap& gap : listing.gaps) gaps[gap.chain].push_back(gap);
  const LakeChain nothing{};
  for (auto& [id, of_chain] : gaps) {
    const auto chain = view.chains.find(id);
    GapWalk(id, chain == view.chains.end() ? nothing : chain->second, log.find(id), listing, findings)
        .run(std::move(of_chain));
  }
}

void note_what_the_log_lacks(const LakeView& view, const LogView& log, Findings& findings) {
  for (const auto& [id, chain] : view.chains) {
    const LogChain* held = log.find(id);
    if (!held) {
      findings.note(fmt::format("log no longer holds {}: proved from the lake on", lake::describe(id)));
    } else if (held->start > 0 && !chain.objects.empty() &&
               chain.objects.front()->meta.range.first < held->start) {
      findings.note(fmt::format("log no longer holds {} below offset {}: proved from the lake on",
                                lake::describe(id), held->start));
    }
  }
}

}  // namespace

std::uint64_t LakeView::records() const {
  std::uint64_t sum = 0;
  for (const LakeObject& object : objects) sum += object.lines.size();
  return sum;
}

// A deque that is moved as a whole leaves its objects where they are.
Result<void> LakeView::join(LakeView other) {
  for (const auto& [id, chain] : other.chains) {
    if (!chains.contains(id)) continue;
    return fail(
        ErrorKind::misconfigured,
        fmt::format("two lakes, or the logs that fill them, have {}: name one of them, as a warehouse "
                    "has each record once",
                    lake::describe(id)));
  }
  if (objects.empty() && chains.empty() && ignored.empty() && exceptions.empty()) {
    *this = std::move(other);
    return {};
  }
  const int readers = static_cast<int>(interners.size());
  std::move(other.interners.begin(), other.interners.end(), std::back_inserter(interners));
  std::map<const LakeObject*, LakeObject*> moved;
  for (LakeObject& object : other.objects) {
    object.reader += readers;
    LakeObject& here = objects.emplace_back(std::move(object));
    moved.emplace(&object, &here);
    by_key.emplace(here.key, &here);
  }
  for (auto& [id, chain] : other.chains) {
    for (LakeObject*& object : chain.objects) object = moved.at(object);
    chains.emplace(id, std::move(chain));
  }
  ignored.merge(other.ignored);
  std::ranges::move(other.exceptions, std::back_inserter(exceptions));
  return {};
}

LakeView::Place LakeView::find(const lake::ChainId& chain, log::Offset offset) {
  const auto found = chains.find(chain);
  if (found == chains.end()) return {};
  auto& all = found->second.objects;
  // The last object that starts at or before the offset; where objects overlap, which is a finding, one of
  // them.
  auto at =
      std::ranges::upper_bound(all, offset, {}, [](const LakeObject* o) { return o->meta.range.first; });
  if (at == all.begin()) return {};
  LakeObject* object = *--at;
  LineFact* line = object->find(offset);
  return line ? Place{object, line} : Place{};
}

namespace {

/// Each layout's file fixes it; a lake that lost its file is told by its other names.
lake::Places places_of(const std::vector<std::string>& side) {
  const auto has = [&](std::string_view key) { return std::ranges::find(side, key) != side.end(); };
  if (has(lake::Places(1).layout_key())) return lake::Places(1);
  if (has(lake::Places(2).layout_key()) || has(lake::kUpgradeKey)) return lake::Places(2);
  const bool has_old = std::ranges::any_of(
      side, [](const std::string& key) { return key.starts_with(lake::kOwnPrefixOfLayout1); });
  return lake::Places(has_old ? 1 : 2);
}

/// What an upgrade of the layout has left that was stopped: files that lie at both places and, before its
/// switch, the record; behind it the old probe. The lake is whole without them. `side` is in byte order.
std::set<std::string> left_by_upgrade(const std::vector<std::string>& side, const lake::Places& places) {
  const auto has = [&](std::string_view key) { return std::ranges::binary_search(side, key); };
  std::set<std::string> left;
  for (const std::string& key : side) {
    const auto copy = lake::key_in_layout_2(key);
    if (copy && has(*copy)) left.insert(places.version() == 1 ? *copy : key);
  }
  if (!has(lake::kUpgradeKey)) return left;
  left.emplace(places.version() == 1 ? lake::kUpgradeKey : lake::Places(1).probe_key());
  return left;
}

}  // namespace

Result<LakeListing> list_lake(store::ObjectStore& store, Findings& findings) {
  LakeListing listing;
  std::vector<std::string> side;
  for (const std::string_view prefix : {lake::kPipelinePrefix, lake::kBronzePrefix}) {
    SDP_RETURN_IF_ERROR(store.list(prefix, [&](const store::ListedObject& object) {
      (lake::parse_key(object.key) ? listing.objects : side).push_back(object.key);
      return true;
    }));
  }
  listing.places = places_of(side);
  const lake::Places& places = listing.places;
  const auto left = left_by_upgrade(side, places);
  bool is_left = false;
  const bool has_overrides = places.version() > 1;
  for (const std::string& key : side) {
    if (left.contains(key)) {
      is_left = true;
    } else if (key == lake::kUpgradeKey) {
      SDP_RETURN_IF_ERROR(read_upgrade(listing, store, findings));
    } else if (key == places.layout_key()) {
      listing.has_layout = true;
      SDP_RETURN_IF_ERROR(read_layout(listing, store, findings));
    } else if (key.starts_with(places.gaps_prefix())) {
      SDP_RETURN_IF_ERROR(read_gap(listing, key, store, findings));
    } else if (key.starts_with(places.hours_prefix())) {
      listing.hours.push_back(key);
    } else if (has_overrides && key.starts_with(lake::kOverridesPrefix)) {
      SDP_RETURN_IF_ERROR(read_override(listing, key, store, findings));
    } else if (key == lake::Places(2).layout_key()) {
      findings.item(Stage::lake, "lake with two layouts",
                    fmt::format("{} stands beside {}", key, places.layout_key()));
    } else if (key != places.probe_key() && !key.starts_with(lake::kHeadsPrefix)) {
      findings.item(Stage::lake, "object of no known name", key);
    }
  }
  if (!listing.has_layout && listing.upgrade) {
    is_left = true;
    listing.layout = listing.upgrade->layout;
  }
  if (is_left) {
    findings.note(
        fmt::format("the lake has layout {}, and what `lake upgrade` left when it was stopped: run it again",
                    places.version()));
  }
  return listing;
}

Result<void> read_lake(LakeView& view, const LakeListing& listing, store::ObjectStore& store,
                       const LogView& log, const mapping::Mapping* mapping, const VerifyLimits& limits,
                       RecordBudget& budget, Findings& findings) {
  ObjectScanner::Surroundings around{store,          log,
                                     limits,         budget,
                                     findings,       listing.layout,
                                     listing.places, listing.upgrade ? &*listing.upgrade : nullptr,
                                     mapping};
  std::deque<ObjectScanner> readers;
  for (int i = 0; i < limits.threads; ++i) readers.emplace_back(around, i);
  std::mutex mutex;
  diag::Progress progress("verify: lake", "objects", listing.objects.size());
  SDP_RETURN_IF_ERROR(base::in_parallel(
      limits.threads, listing.objects.size(), [&](std::size_t i, int worker) -> Result<void> {
        if (auto going_on = limits.go_on(); !going_on) return going_on;
        SDP_TRY(auto object, readers[static_cast<std::size_t>(worker)].scan(listing.objects[i]));
        progress.add(1);
        std::lock_guard lock(mutex);
        if (object) view.objects.push_back(*std::move(object));
        return {};
      }));
  for (ObjectScanner& reader : readers) view.interners.push_back(reader.take_interner());
  for (const auto& [id, chain] : log.chains) view.chains[id];
  for (LakeObject& object : view.objects) {
    view.chains[object.meta.chain].objects.push_back(&object);
    view.by_key.emplace(object.key, &object);
  }
  for (const IgnoredObject& ignored : listing.ignored) {
    view.chains[ignored.override.chain];
    view.ignored.emplace(ignored.override.object_key, ignored.override);
  }
  if (!listing.layout && !listing.objects.empty() && !listing.has_layout) {
    findings.item(Stage::lake, "lake without a layout",
                  fmt::format("{} is missing: the first sink wrote it", listing.places.layout_key()));
  }
  for (auto& [id, chain] : view.chains)
    ChainWalk(id, chain, log.find(id), listing, view.exceptions, findings).run();
  check_overrides(view, listing, findings);
  check_upgrade(view, listing, findings);
  check_gaps(view, listing, log, findings);
  note_what_the_log_lacks(view, log, findings);
  return check_hours(view, listing, log, store, limits, findings);
}

}  // namespace sdp::verify
