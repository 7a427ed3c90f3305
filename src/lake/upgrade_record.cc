#include "lake/upgrade_record.h"

#include <limits>
#include <nlohmann/json.hpp>

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
  // What is not UTF-8 is replaced: nlohmann would throw.
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Result<UpgradeRecord> upgrade_record_from_json(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  auto bad = fail(ErrorKind::bad_input, "upgrade record is not of the form that this program writes");
  const auto number = [](const nlohmann::json& in, const char* member, std::uint64_t min, std::uint64_t max) {
    return in.is_object() && in.contains(member) && in[member].is_number_unsigned() &&
           in[member].get<std::uint64_t>() >= min && in[member].get<std::uint64_t>() <= max;
  };
  if (!number(json, "version", 1, 1) || !number(json, "from", 1, 1) || !json.contains("layout") ||
      !json["layout"].is_object() || !json.contains("chains") || !json["chains"].is_array()) {
    return bad;
  }
  UpgradeRecord record;
  SDP_TRY(record.layout, layout_from_json(json["layout"].dump()));
  if (record.layout.version != 2) return bad;
  for (const nlohmann::json& entry : json["chains"]) {
    if (!number(entry, "partition", 0, std::numeric_limits<log::Partition>::max()) ||
        !number(entry, "end", 1, std::numeric_limits<log::Offset>::max()) || !entry.contains("topic_id") ||
        !entry["topic_id"].is_string()) {
      return bad;
    }
    const auto id = base::parse_uuid(entry["topic_id"].get<std::string>());
    if (!id || !record.ends.try_emplace({*id, entry["partition"]}, entry["end"]).second) return bad;
  }
  return record;
}

int layout_of(const ObjectMeta& meta) {
  return meta.last_line_sha256.empty() ? 1 : 2;
}

}  // namespace sdp::lake
