#include "load/other_lake.h"

#include <fmt/format.h>

#include <algorithm>

#include "lake/object_key.h"

namespace sdp::load {
namespace {

constexpr std::size_t kNamedMax = 5;

/// `1a2b3c4d, 5e6f7a8b and 3 more`
std::string names(const std::set<std::string>& topic_ids) {
  std::string text;
  std::size_t named = 0;
  for (const std::string& id : topic_ids) {
    if (named == kNamedMax) return fmt::format("{} and {} more", text, topic_ids.size() - named);
    text += fmt::format("{}{}", named == 0 ? "" : ", ", id);
    ++named;
  }
  return text;
}

}  // namespace

std::set<std::string> topic_ids(std::span<const warehouse::LoadedChain> ledger) {
  std::set<std::string> ids;
  for (const warehouse::LoadedChain& loaded : ledger) ids.insert(lake::short_id(loaded.chain.topic_id));
  return ids;
}

Result<void> check_lake(const lake_reader::LoadPlan& plan, std::span<const warehouse::LoadedChain> ledger,
                        const std::set<std::string>& staged_for) {
  if (plan.loaded_already > 0 || plan.chains.empty() || ledger.empty()) return {};
  const std::set<std::string> known = topic_ids(ledger);
  std::set<std::string> planned;
  for (const lake_reader::PlannedChain& chain : plan.chains) planned.insert(chain.topic_id_short);
  const auto is_known = [&](const std::string& id) { return known.contains(id); };
  if (std::ranges::any_of(planned, is_known) || std::ranges::any_of(staged_for, is_known)) return {};
  return fail(
      ErrorKind::misconfigured,
      fmt::format(
          "the lake has topics with the ids {}, but the warehouse was loaded from another lake, with the "
          "topic ids {}: name the lake's own warehouse by --warehouse, or load both into this one by "
          "--add-lake",
          names(planned), names(known)));
}

}  // namespace sdp::load
