#pragma once

#include "cli/command.h"
#include "metrics/registry.h"

namespace sdp::cli {

/// The metrics of a process of this program: its version is among them from the start.
class ProgramRegistry final : public metrics::Registry {
 public:
  ProgramRegistry() { gauge("build_info", {kVersion}).Set(1); }
};

}  // namespace sdp::cli
