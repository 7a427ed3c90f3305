#include "lake/chain.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

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
  // What is not UTF-8 is replaced: nlohmann would throw.
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Result<Gap> gap_from_json(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto bad = fail(ErrorKind::bad_input, "gap record is not of the form that this program writes");
  if (!json.is_object()) return bad;
  const auto number = [&](const char* member, std::uint64_t max) {
    return json.contains(member) && json[member].is_number_unsigned() &&
           json[member].get<std::uint64_t>() <= max;
  };
  // One less than the last offset there can be, so that the end behind it is an offset too.
  constexpr std::uint64_t kLastMax = std::numeric_limits<log::Offset>::max() - 1;
  if (!number("version", 1) || json["version"] != 1 || !number("first_offset", kLastMax) ||
      !number("last_offset", kLastMax) || !number("partition", std::numeric_limits<log::Partition>::max())) {
    return bad;
  }
  for (const char* member : {"topic", "topic_id"}) {
    if (!json.contains(member) || !json[member].is_string()) return bad;
  }
  const auto topic_id = base::parse_uuid(json["topic_id"].get<std::string>());
  Gap gap;
  gap.topic = json["topic"];
  gap.chain.partition = json["partition"];
  gap.range = {json["first_offset"], json["last_offset"].get<log::Offset>() + 1};
  if (!topic_id || gap.range.empty()) return bad;
  gap.chain.topic_id = *topic_id;
  return gap;
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
