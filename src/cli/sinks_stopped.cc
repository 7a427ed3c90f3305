#include "cli/sinks_stopped.h"

#include <fmt/format.h>

#include "base/text_table.h"
#include "cli/wiring.h"

namespace sdp::cli {

Result<void> check_sinks_stopped(const LogSettings& log, const ServicesSettings& services,
                                 std::string_view group, std::string_view why, std::string_view what) {
  SDP_TRY(const auto kafka, open_kafka(log, services));
  const auto members = kafka->members(group);
  if (!members) {
    return std::unexpected(members.error().in(
        fmt::format("{}{}are all sinks stopped? --sinks-stopped says so where Kafka cannot be asked", why,
                    why.empty() ? "" : ": ")));
  }
  if (*members == 0) return {};
  return fail(
      ErrorKind::retry,
      fmt::format("{}{}group {} has {}: stop all sinks of the lake, wait until their session is over, "
                  "and run {} again",
                  why, why.empty() ? "" : ", and ", group, base::plural(*members, "member"), what));
}

}  // namespace sdp::cli
