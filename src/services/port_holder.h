#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace sdp::services {

struct PortHolder {
  pid_t pid = 0;
  std::string name;
};

/// Who listens on this TCP port; nothing when that is another user's process, or nobody's.
std::optional<PortHolder> holder_of(std::uint16_t port);

}  // namespace sdp::services
