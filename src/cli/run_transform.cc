#include "cli/run_transform.h"

#include <fmt/core.h>

#include "transform/lineage.h"

namespace sdp::cli {

Result<transform::TransformSummary> run_transform(const transform::TransformOptions& options,
                                                  const std::stop_token& stop) {
  auto outcome = transform::run(options, stop);
  if (stop.stop_requested() || !transform::lineage_is_wanted()) return outcome;
  if (const auto sent = transform::send_lineage(options, stop); !sent) {
    fmt::print(stderr, "transform: lineage was not sent: {}\n", sent.error().message);
  }
  return outcome;
}

}  // namespace sdp::cli
