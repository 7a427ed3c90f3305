#include "lake/chain_head.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "lake/json_members.h"

namespace sdp::lake {

std::string to_json(const ChainHead& head) {
  const nlohmann::ordered_json json = {{"version", 1},
                                       {"topic_id", base::to_string(head.chain.topic_id)},
                                       {"partition", head.chain.partition},
                                       {"end", head.end},
                                       {"object", head.object_key}};
  return to_line(json);
}

Result<ChainHead> chain_head_from_json(std::string_view text) {
  JsonMembers in(text);
  ChainHead head;
  in.expect(in.number("version", 1) == 1);
  head.chain = in.chain();
  head.end = in.number("end", std::numeric_limits<log::Offset>::max());
  head.object_key = in.text("object");
  in.expect((head.end == 0) == head.object_key.empty());
  if (in.ok()) return head;
  return fail(ErrorKind::bad_input, "chain head is not of the form that this program writes");
}

}  // namespace sdp::lake
