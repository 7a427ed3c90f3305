#include "lake/upgrade_record.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "lake/json_members.h"

namespace sdp::lake {

int UpgradeRecord::layout_of(const ChainId& chain, log::Offset first) const {
  const auto end = ends.find(chain);
  return end != ends.end() && first < end->second ? 1 : 2;
}

std::string to_json(const UpgradeRecord& record) {
  auto chains = nlohmann::ordered_json::array();
  for (const auto& [chain, end] : record.ends) {
    chains.push_back(
        {{"topic_id", base::to_string(chain.topic_id)}, {"partition", chain.partition}, {"end", end}});
  }
  const nlohmann::ordered_json json = {{"version", 1},
                                       {"from", 1},
                                       {"layout", nlohmann::ordered_json::parse(to_json(record.layout))},
                                       {"chains", std::move(chains)}};
  return to_line(json);
}

Result<UpgradeRecord> upgrade_record_from_json(std::string_view text) {
  using Kind = nlohmann::json::value_t;
  const auto bad = [] {
    return fail(ErrorKind::bad_input, "upgrade record is not of the form that this program writes");
  };
  JsonMembers in(text);
  in.expect(in.number("version", 1) == 1 && in.number("from", 1) == 1);
  const nlohmann::json& layout = in.part("layout", Kind::object);
  const nlohmann::json& chains = in.part("chains", Kind::array);
  if (!in.ok()) return bad();
  UpgradeRecord record;
  SDP_TRY(record.layout, layout_from_json(layout.dump()));
  if (record.layout.version != 2) return bad();
  for (const nlohmann::json& entry : chains) {
    JsonMembers of_chain(entry);
    const ChainId chain = of_chain.chain();
    const log::Offset end = of_chain.number("end", std::numeric_limits<log::Offset>::max());
    of_chain.expect(end >= 1 && record.ends.try_emplace(chain, end).second);
    if (!of_chain.ok()) return bad();
  }
  return record;
}

int layout_of(const ObjectMeta& meta) {
  return meta.last_line_sha256.empty() ? 1 : 2;
}

}  // namespace sdp::lake
