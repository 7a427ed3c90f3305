#include <cmath>
#include <memory>

#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/publish.h"
#include "cli/run_transform.h"
#include "cli/settings.h"

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
  SDP_RETURN_IF_ERROR(publish_marts(options.warehouse, runtime));
  if (options.json) {
    print_line({{"schema_version", 1},
                {"models", summary.models_ok},
                {"tests_passed", summary.tests_passed},
                {"warned", summary.warned},
                {"skipped", summary.skipped},
                {"seconds", std::round(summary.seconds * 10) / 10}});
  }
  return 0;
}

}  // namespace

void define_transform(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<Options>();
  auto& command = commands.add(commands.parser(), "transform",
                               "Run dbt build: silver, gold and their tests; exit 20 when a data test fails",
                               "  spotify-pipeline transform --verbose       with dbt's own output\n"
                               "  spotify-pipeline transform --full-refresh  after a change of the models");
  bind_warehouse(command, options->warehouse);
  bind_transform(command, options->transform);
  command.bind("publish.folder", options->warehouse.published);
  command.bind("dbt.work-dir", options->transform.work_dir);
  command.bind("dbt.full-refresh", options->full_refresh);
  command.bind("output.json", options->json);
  command.parser().callback(
      [options, &action] { action = [options](const Runtime& runtime) { return run(*options, runtime); }; });
}

}  // namespace sdp::cli
