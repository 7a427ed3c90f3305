#include "cli/result_object.h"

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/duration_text.h"
#include "base/json_text.h"

namespace sdp::cli {

std::string ResultObject::line(std::string_view command, int exit_code, std::chrono::milliseconds took,
                               const std::optional<Failure>& failure) const {
  using nlohmann::ordered_json;
  ordered_json result = ordered_json::object();
  std::size_t told = 0;
  for (const ResultMember& member : kResultMembers) {
    if (member.command != command) continue;
    ordered_json& value = result[std::string(member.name)];
    const auto set = values_.find(member.name);
    if (set == values_.end()) continue;
    ++told;
    std::visit([&value](const auto& one) { value = one; }, set->second);
  }
  SDP_ASSERT(told == values_.size());
  ordered_json why;
  if (failure) why = {{"kind", failure->kind}, {"message", failure->message}};
  return base::dumped({{"schema_version", 1},
                       {"command", command},
                       {"ok", exit_code == 0},
                       {"exit_code", exit_code},
                       {"seconds", base::in_seconds(took)},
                       {"error", std::move(why)},
                       {"result", std::move(result)}}) +
         '\n';
}

}  // namespace sdp::cli
