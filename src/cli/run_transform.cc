#include "cli/run_transform.h"

#include "diag/log.h"
#include "transform/lineage.h"

namespace sdp::cli {

Result<transform::TransformSummary> run_transform(const transform::TransformOptions& options,
                                                  const std::stop_token& stop) {
  diag::log_event("transform.started", {{"path", options.work_dir.string()}});
  auto outcome = transform::run(options, stop);
  if (outcome) {
    diag::log_event("transform.finished", {{"models", outcome->models_ok},
                                           {"tests_passed", outcome->tests_passed},
                                           {"warned", outcome->warned},
                                           {"skipped", outcome->skipped},
                                           {"seconds", outcome->seconds}});
  }
  if (stop.stop_requested() || !transform::lineage_is_wanted()) return outcome;
  if (const auto sent = transform::send_lineage(options, stop); !sent) {
    diag::log_event("transform.lineage_failed", {{"message", sent.error().message}});
  }
  return outcome;
}

}  // namespace sdp::cli
