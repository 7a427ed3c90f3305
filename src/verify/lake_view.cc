#include "verify/lake_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "lake/hour_marker.h"
#include "verify/check_hours.h"
#include "verify/parallel.h"

namespace sdp::verify {
namespace {

Result<void> read_gap(LakeListing& listing, const std::string& key, store::ObjectStore& store,
                      Findings& findings) {
  SDP_TRY(const store::Object stored, store.get(key));
  const auto gap = lake::gap_from_json(stored.body);
  if (!gap || lake::gap_key(gap->chain, gap->range.first) != key) {
    findings.item(Stage::lake, "bad gap record",
                  fmt::format("{}: {}", key, gap ? "wrong key" : gap.error().message));
    return {};
  }
  findings.note(fmt::format("{}: offsets [{}, {}) were acknowledged as lost before a sink could read them",
                            lake::describe(gap->chain), gap->range.first, gap->range.end));
  listing.gaps.push_back(*gap);
  return {};
}

Result<void> read_layout(LakeListing& listing, store::ObjectStore& store, Findings& findings) {
  SDP_TRY(const store::Object stored, store.get(lake::kLayoutKey));
  auto layout = lake::layout_from_json(stored.body);
  if (layout) {
    listing.layout = *std::move(layout);
  } else {
    findings.item(Stage::lake, "bad layout", fmt::format("{}: {}", lake::kLayoutKey, layout.error().message));
  }
  return {};
}

/// Walks along one chain and along its log, and names what does not fit.
class ChainWalk {
 public:
  ChainWalk(const lake::ChainId& id, LakeChain& chain, const LogChain* log, std::span<const lake::Gap> gaps,
            Findings& findings)
      : id_(id), chain_(chain), log_(log), gaps_(gaps), findings_(findings) {}

  void run() {
    std::ranges::sort(chain_.objects, {}, [](const LakeObject* object) {
      return std::pair(object->meta.range.first, std::string_view(object->key));
    });
    for (LakeObject* object : chain_.objects) step(*object);
    tail();
  }

 private:
  void step(LakeObject& object) {
    const auto range = object.meta.range;
    bool continues = range.first >= chain_.end;
    if (range.first > chain_.end) continues = hole({chain_.end, range.first}, object);
    if (range.first < chain_.end) {
      findings_.item(Stage::lake, "overlapping object",
                     fmt::format("{}: {} starts at offset {}, but the chain had come to {}",
                                 lake::describe(id_), object.key, range.first, chain_.end));
    }
    object.in_chain = continues;
    chain_.end = std::max(chain_.end, range.end);
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

  /// True when the hole is covered by acknowledged gaps.
  bool hole(lake::OffsetRange range, const LakeObject& next) {
    missing(range);
    const log::Offset at = covered(range);
    if (at == range.end) return true;
    findings_.range(Stage::lake, "hole in a chain", id_, {at, range.end}, "before " + next.key);
    return false;
  }

  /// Names the records that the log has in a range which no object claims.
  void missing(lake::OffsetRange range) {
    if (!log_) return;
    for (log::Offset at = std::max(range.first, log_->start); at < std::min(range.end, log_->end); ++at) {
      if (log_->find(at)) findings_.offset(Stage::lake, "missing from the lake", id_, at);
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
  Findings& findings_;
};

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

Result<LakeListing> list_lake(store::ObjectStore& store, Findings& findings) {
  LakeListing listing;
  std::vector<std::string> side;
  SDP_RETURN_IF_ERROR(store.list(lake::kBronzePrefix, [&](const store::ListedObject& object) {
    (lake::parse_key(object.key) ? listing.objects : side).push_back(object.key);
    return true;
  }));
  for (const std::string& key : side) {
    if (key == lake::kLayoutKey) {
      SDP_RETURN_IF_ERROR(read_layout(listing, store, findings));
    } else if (key.starts_with(lake::kGapsPrefix)) {
      SDP_RETURN_IF_ERROR(read_gap(listing, key, store, findings));
    } else if (key.starts_with(lake::kClosedPrefix)) {
      listing.hours.push_back(key);
    } else if (key != lake::kProbeKey) {
      findings.item(Stage::lake, "object of no known name", key);
    }
  }
  return listing;
}

Result<void> read_lake(LakeView& view, const LakeListing& listing, store::ObjectStore& store,
                       const LogView& log, const VerifyLimits& limits, Findings& findings) {
  RecordBudget budget(limits.records_max);
  ObjectScanner::Surroundings around{store, log, limits, budget, findings, listing.layout};
  std::deque<ObjectScanner> readers;
  for (int i = 0; i < limits.threads; ++i) readers.emplace_back(around, i);
  std::mutex mutex;
  SDP_RETURN_IF_ERROR(
      in_parallel(limits.threads, listing.objects.size(), [&](std::size_t i, int worker) -> Result<void> {
        SDP_TRY(auto object, readers[static_cast<std::size_t>(worker)].scan(listing.objects[i]));
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
  for (auto& [id, chain] : view.chains) ChainWalk(id, chain, log.find(id), listing.gaps, findings).run();
  note_what_the_log_lacks(view, log, findings);
  return check_hours(view, listing.hours, store, limits, findings);
}

}  // namespace sdp::verify
