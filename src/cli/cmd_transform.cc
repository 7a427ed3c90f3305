#include <fmt/core.h>

#include <memory>

#include "cli/command.h"
#include "cli/run_transform.h"
#include "cli/settings.h"
#include "cli/transform_settings.h"

namespace sdp::cli {
namespace {

struct Options {
  WarehouseSettings warehouse;
  TransformSettings transform;
  bool full_refresh = false;
  bool json = false;
};

Result<int> run(const Options& options, const Runtime& runtime) {
  SDP_TRY(auto transform, transform_options(options.transform, options.warehouse));
  if (options.full_refresh) transform.extra_arguments.push_back("--full-refresh");
  SDP_TRY(const auto summary, run_transform(transform, runtime.stop));
  if (options.json) {
    fmt::print(
        R"({{"schema_version":1,"models":{},"tests_passed":{},"warned":{},"skipped":{},"seconds":{:.1f}}})"
        "\n",
        summary.models_ok, summary.tests_passed, summary.warned, summary.skipped, summary.seconds);
  }
  return 0;
}

}  // namespace

void define_transform(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "transform", "Run dbt build: silver, gold and their tests; exit 20 when a data test fails");
  const auto options = std::make_shared<Options>();
  add_warehouse_options(*command, options->warehouse);
  add_transform_options(*command, options->transform);
  command->add_option("--work-dir", options->transform.work_dir, "dbt's target and logs")
      ->capture_default_str();
  command->add_flag("--full-refresh", options->full_refresh, "Rebuild everything");
  command->add_flag("--json", options->json, "What was built as one JSON object");
  command->callback(
      [options, &action] { action = [options](const Runtime& runtime) { return run(*options, runtime); }; });
}

}  // namespace sdp::cli
