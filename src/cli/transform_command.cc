#include "cli/transform_command.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include "cli/json_output.h"
#include "cli/last_build.h"
#include "cli/publish.h"
#include "cli/run_transform.h"
#include "cli/wiring.h"
#include "diag/log.h"
#include "transform/project_digest.h"
#include "transform/work_dir.h"

namespace sdp::cli {
namespace {

void print_json(const transform::TransformSummary& summary, bool built,
                const std::optional<Rejected>& rejected) {
  nlohmann::ordered_json line = {{"schema_version", 1},
                                 {"built", built},
                                 {"models", summary.models_ok},
                                 {"tests_passed", summary.tests_passed},
                                 {"warned", summary.warned},
                                 {"skipped", summary.skipped},
                                 {"seconds", std::round(summary.seconds * 10) / 10}};
  if (rejected) {
    line["rejected"] = rejected->events;
    line["faults"] = rejected->faults();
    line["rejected_for"] = to_json(*rejected);
  }
  print_line(line);
}

/// Nothing when there was nothing to do, for which dbt is not started.
Result<std::optional<transform::TransformSummary>> build(const WarehouseSettings& settings,
                                                         const transform::TransformOptions& options,
                                                         const std::optional<std::string>& project,
                                                         const Runtime& runtime) {
  const auto start = runtime.clock.steady_now();
  if (project && options.extra_arguments.empty() && !options.unit_tests) {
    // What cannot be opened is dbt's to report.
    const auto warehouse = open_warehouse(settings, Access::read_only, runtime.clock);
    if (warehouse && nothing_is_new(options, *project, **warehouse)) {
      const std::chrono::duration<double> took = runtime.clock.steady_now() - start;
      diag::log_event("transform.nothing_new", {{"seconds", took.count()}});
      SDP_RETURN_IF_ERROR((*warehouse)->close());
      return std::nullopt;
    }
  }
  SDP_TRY(auto summary, run_transform(options, runtime.stop));
  return std::optional(std::move(summary));
}

}  // namespace

void bind_transform_command(settings::Command& command, TransformCommand& options) {
  bind_warehouse(command, options.warehouse);
  bind_transform(command, options.transform);
  command.bind("dbt.mapping", options.transform.mapping);
  command.bind("publish.folder", options.warehouse.published);
  command.bind("dbt.work-dir", options.transform.work_dir);
  command.bind("dbt.max-reject-ratio", options.reject_ratio_max);
  command.bind("output.json", options.json);
}

Result<int> transform_and_tell(const TransformCommand& options, std::vector<std::string> arguments,
                               const Runtime& runtime) {
  SDP_TRY(auto transform, transform_options(options.transform, options.warehouse));
  std::ranges::move(arguments, std::back_inserter(transform.extra_arguments));
  SDP_TRY(const auto held, transform::hold_work_dir(transform.work_dir));
  // Before dbt reads it: what is changed meanwhile is for the next build.
  const auto project = transform::project_digest(transform);
  SDP_TRY(const auto summary, build(options.warehouse, transform, project, runtime));
  if (is_published(options.warehouse)) {
    SDP_RETURN_IF_ERROR(publish_marts(options.warehouse, transform::target_path(transform), runtime));
  }
  SDP_TRY(auto warehouse, open_warehouse(options.warehouse, Access::read_only, runtime.clock));
  if (summary && project) note_build(transform, *project, *warehouse);
  SDP_TRY(const auto rejected, rejected_in_silver(*warehouse));
  SDP_RETURN_IF_ERROR(warehouse->close());
  if (options.json) {
    print_json(summary.value_or(transform::TransformSummary{}), summary.has_value(), rejected);
  } else if (rejected) {
    print_rejected(*rejected);
  }
  if (rejected) SDP_RETURN_IF_ERROR(check_rejected(*rejected, options.reject_ratio_max));
  return 0;
}

}  // namespace sdp::cli
