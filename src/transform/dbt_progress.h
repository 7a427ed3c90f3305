#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "diag/progress.h"

namespace sdp::transform {

/// A line that dbt writes as a node begins or has ended: `17:52:36  3 of 57 OK created sql table model ...`.
/// Hooks are left out: dbt counts them apart.
struct DbtNodeLine {
  std::uint64_t total = 0;
  bool has_ended = false;
};
std::optional<DbtNodeLine> parse_node_line(std::string_view line);

/// Counts the nodes that have ended, from dbt's output.
class DbtProgress {
 public:
  void read(std::string_view line);

 private:
  diag::Progress progress_{"dbt", "nodes", 0};
};

}  // namespace sdp::transform
