#include "lake/chain.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "lake/json_members.h"

namespace sdp::lake {
namespace {

/// Where the chain goes on when no link starts at `at`: after an acknowledged gap, but never past a link that
/// starts inside it. `at` itself when no gap covers it.
log::Offset after_gap(const ChainId& chain, log::Offset at, log::Offset next_link,
                      std::span<const Gap> gaps) {
  for (const Gap& gap : gaps) {
    if (gap.chain == chain && gap.range.first <= at && at < gap.range.end)
      return std::min(gap.range.end, next_link);
  }
  return at;
}

Error hole(const ChainId& chain, OffsetRange missing, const std::string& next_key) {
  return {ErrorKind::data_gap, fmt::format("{}: offsets [{}, {}) are in no object; the next one is {}",
                                           describe(chain), missing.first, missing.end, next_key)};
}

Error overlap(const ChainId& chain, log::Offset end, const Link& link, const std::string& before) {
  return {ErrorKind::data_gap,
          fmt::format("{}: object {} starts at offset {}, which {} already covers up to {}", describe(chain),
                      link.object_key, link.range.first, before, end)};
}

}  // namespace

std::string to_json(const Gap& gap) {
  const nlohmann::ordered_json json = {{"version", 1},
                                       {"topic", gap.topic},
                                       {"topic_id", base::to_string(gap.chain.topic_id)},
                                       {"partition", gap.chain.partition},
                                       {"first_offset", gap.range.first},
                                       {"last_offset", gap.range.end - 1}};
  return to_line(json);
}

Result<Gap> gap_from_json(std::string_view text) {
  // One less than the last offset there can be, so that the end behind it is an offset too.
  constexpr std::int64_t kLastMax = std::numeric_limits<log::Offset>::max() - 1;
  JsonMembers in(text);
  Gap gap;
  in.expect(in.number("version", 1) == 1);
  gap.topic = in.text("topic");
  gap.chain = in.chain();
  gap.range = {in.number("first_offset", kLastMax), in.number("last_offset", kLastMax) + 1};
  in.expect(!gap.range.empty());
  if (in.ok()) return gap;
  return fail(ErrorKind::bad_input, "gap record is not of the form that this program writes");
}

log::Offset after_gaps(const ChainId& chain, log::Offset at, std::span<const Gap> gaps) {
  // Each gap moves at most once, since it moves behind itself.
  for (log::Offset before = at - 1; before != at;) {
    before = at;
    at = after_gap(chain, at, std::numeric_limits<log::Offset>::max(), gaps);
  }
  return at;
}

ChainCheck check_chain(const ChainId& chain, log::Offset end, std::span<const Link> links,
                       std::span<const Gap> gaps) {
  std::vector<Link> sorted(links.begin(), links.end());
  std::ranges::sort(sorted, {}, [](const Link& link) { return std::tie(link.range.first, link.object_key); });
  ChainCheck check;
  check.end = end;
  log::Offset covered = end;  // goes on past a problem, so that each is reported once
  std::string last = "the ledger";
  for (Link& link : sorted) {
    for (log::Offset next = covered; covered < link.range.first; covered = next) {
      next = after_gap(chain, covered, link.range.first, gaps);
      if (next == covered) break;
    }
    if (check.problems.empty()) check.end = covered;
    if (link.range.first > covered) {
      check.problems.push_back(hole(chain, {covered, link.range.first}, link.object_key));
    } else if (link.range.first < covered) {
      check.problems.push_back(overlap(chain, covered, link, last));
    }
    if (link.range.end > covered) last = link.object_key;
    covered = std::max(covered, link.range.end);
    if (check.problems.empty()) {
      check.end = covered;
      check.in_order.push_back(std::move(link));
    }
  }
  return check;
}

}  // namespace sdp::lake
