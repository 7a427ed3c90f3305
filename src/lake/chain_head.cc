#include "lake/chain_head.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace sdp::lake {

std::string to_json(const ChainHead& head) {
  const nlohmann::ordered_json json = {{"version", 1},
                                       {"topic_id", base::to_string(head.chain.topic_id)},
                                       {"partition", head.chain.partition},
                                       {"end", head.end},
                                       {"object", head.object_key}};
  return json.dump() + "\n";
}

Result<ChainHead> chain_head_from_json(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto bad = fail(ErrorKind::bad_input, "chain head is not of the form that this program writes");
  if (!json.is_object()) return bad;
  const auto number = [&](const char* member, std::uint64_t max) {
    return json.contains(member) && json[member].is_number_unsigned() &&
           json[member].get<std::uint64_t>() <= max;
  };
  const auto text_member = [&](const char* member) {
    return json.contains(member) && json[member].is_string();
  };
  if (!number("version", 1) || json["version"] != 1 ||
      !number("partition", std::numeric_limits<log::Partition>::max()) ||
      !number("end", std::numeric_limits<log::Offset>::max()) || !text_member("topic_id") ||
      !text_member("object")) {
    return bad;
  }
  const auto topic_id = base::parse_uuid(json["topic_id"].get<std::string>());
  if (!topic_id) return bad;
  ChainHead head;
  head.chain = {*topic_id, json["partition"]};
  head.end = json["end"];
  head.object_key = json["object"];
  if ((head.end == 0) != head.object_key.empty()) return bad;
  return head;
}

}  // namespace sdp::lake
