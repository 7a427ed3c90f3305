#include "verify/open_batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <utility>

#include "base/ascii.h"
#include "verify/tables.h"

namespace sdp::verify {
namespace {

/// Each is another count of everything, for every table that is not as silver is now.
constexpr std::size_t kLoadsMax = 8;

/// Silver's tables as queries over what was judged. Of one event id the lowest place is kept.
std::string ranked(std::string_view objects, std::string_view places) {
  return fmt::format(
      "(SELECT * FROM (SELECT judged.*, ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY kafka_offset, "
      "kafka_partition, topic_id) AS sdp_place FROM {} AS judged WHERE reason IS NULL AND object_key IN "
      "({})) AS sdp_ranked WHERE sdp_place {})",
      kJudged, objects, places);
}

bool is_of_a_name(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_' || letter == '.';
}

}  // namespace

std::vector<OpenBatch::State> OpenBatch::states(const LakeView& lake, const WarehouseShape& shape,
                                                const ClosedParts& parts,
                                                const warehouse::Warehouse& warehouse) {
  if (!parts.open || !shape.usable(kTransformLedger) || !shape.usable(kJudged) || !shape.usable(kRejected))
    return {};
  bool any_closed = false;
  std::set<std::int64_t> loads;  // of what no closed batch has
  for (const LakeObject& object : lake.objects) {
    any_closed = any_closed || object.in_batch;
    if (object.loaded() && !object.in_batch && object.loaded_at_us) loads.insert(*object.loaded_at_us);
  }
  if (loads.empty()) return {};
  std::vector<State> states;
  const std::string closed = fmt::format("SELECT object_key FROM {}", kTransformLedger);
  if (any_closed) states.push_back({[](const LakeObject& object) { return object.in_batch; }, closed});
  if (loads.size() > kLoadsMax) return states;
  for (const std::int64_t load : loads) {
    states.push_back({[load](const LakeObject& object) {
                        return object.in_batch || (object.loaded() && object.loaded_at_us <= load);
                      },
                      fmt::format("{} UNION ALL SELECT object_key FROM BRONZE.LOAD_LEDGER WHERE {} <= {}",
                                  closed, warehouse.epoch_us("loaded_at"), load)});
  }
  return states;
}

std::optional<std::string> OpenBatch::as_of(const State& state, std::string_view sql) {
  const std::array<std::pair<std::string_view, std::string>, 4> tables{
      {{kSilver, ranked(state.objects, "= 1")},
       {kDuplicates, ranked(state.objects, "> 1")},
       {kRejected, fmt::format("(SELECT * FROM {} WHERE object_key IN ({}))", kRejected, state.objects)},
       // Objects that silver did not hold join nothing.
       {kLoadLedger, std::string(kLoadLedger)}}};
  const std::string text = base::upper(sql);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const bool begins = (at == 0 || !is_of_a_name(text[at - 1])) && is_of_a_name(text[at]);
    if (!begins) {
      out += sql[at++];
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_of_a_name(text[end])) ++end;
    const std::string_view name = std::string_view(text).substr(at, end - at);
    const bool is_table =
        name.starts_with("TRANSFORM.") || name.starts_with("MART.") || name.starts_with("BRONZE.");
    const auto known = std::ranges::find(tables, name, [](const auto& table) { return table.first; });
    if (is_table && known == tables.end()) return std::nullopt;
    out += known == tables.end() ? sql.substr(at, end - at) : std::string_view(known->second);
    at = end;
  }
  return out;
}

}  // namespace sdp::verify
