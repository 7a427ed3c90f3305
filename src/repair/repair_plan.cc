#include "repair/repair_plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

namespace sdp::repair {
namespace {

using lake::Link;
using lake::OffsetRange;

/// By the metadata where they fit the name; else up to the next object, since ranges tile; else by its lines.
std::optional<log::Offset> end_of(const RepairFacts& facts, std::optional<log::Offset> behind) {
  const auto& meta = facts.meta;
  if (meta && meta->range.first == facts.place.first && meta->chain.partition == facts.place.partition &&
      lake::short_id(meta->chain.topic_id) == facts.place.topic_id_short) {
    return meta->range.end;
  }
  if (behind) return behind;
  if (facts.lines_end && *facts.lines_end > facts.place.first) return facts.lines_end;
  return std::nullopt;
}

/// What of `range` none of `others` has.
std::vector<OffsetRange> without(OffsetRange range, std::vector<Link> others) {
  std::ranges::sort(others, {}, &Link::range);
  std::vector<OffsetRange> left;
  for (const Link& other : others) {
    if (other.range.first > range.first)
      left.push_back({range.first, std::min(other.range.first, range.end)});
    range.first = std::max(range.first, other.range.end);
    if (range.empty()) return left;
  }
  left.push_back(range);
  return left;
}

}  // namespace

Result<RepairPlan> plan_repair(const RepairFacts& facts) {
  const log::Offset first = facts.place.first;
  std::optional<log::Offset> behind;  // where the next object starts
  bool is_covered = false;            // another one has its first offset
  log::Offset others_end = 0;
  for (const Link& other : facts.others) {
    others_end = std::max(others_end, other.range.end);
    if (other.range.first > first) behind = std::min(behind.value_or(other.range.first), other.range.first);
    is_covered = is_covered || (other.range.first <= first && first < other.range.end);
  }
  const auto end = end_of(facts, behind);
  if (!end) {
    return fail(ErrorKind::misconfigured,
                fmt::format("object {}: neither its metadata nor its lines nor an object behind it tell "
                            "where it ends. Give it its metadata back (docs/formats/object-metadata.md), at "
                            "least first-offset and last-offset with the rest",
                            facts.object_key));
  }
  RepairPlan plan;
  plan.range = {first, *end};
  plan.missing = without(plan.range, facts.others);
  std::ranges::copy_if(facts.others, std::back_inserter(plan.covering), [&](const Link& other) {
    return other.range.first < *end && first < other.range.end;
  });
  const bool is_last = !behind;
  const bool reaches_on = others_end < *end;
  plan.moves_end = is_last && is_covered && reaches_on && facts.closed_to <= others_end;
  if (is_last) {
    plan.next = is_covered && (!reaches_on || plan.moves_end) ? first : *end;
  } else {
    plan.next = std::min(*end, *behind);
  }
  // What is behind the chain's end is what sinks fetch next.
  if (reaches_on && (!is_last || plan.moves_end)) {
    plan.fetched = {others_end, *end};
    plan.missing.pop_back();
  }
  return plan;
}

}  // namespace sdp::repair
