#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/publish.h"
#include "cli/transform_command.h"
#include "cli/warehouse_time.h"

namespace sdp::cli {
namespace {

struct TransformOptions {
  TransformCommand transform;
  bool full_refresh = false;
  std::string metrics_file;
};

Result<int> run(const TransformOptions& options, const Runtime& runtime) {
  runtime.work.disks = disks_of(options.transform.warehouse);
  runtime.work.disks.push_back({.place = "work", .path = options.transform.transform.work_dir});
  const WarehouseTime time(options.transform.warehouse, runtime);
  std::vector<std::string> arguments;
  if (options.full_refresh) arguments.emplace_back("--full-refresh");
  return transform_and_tell(options.transform, std::move(arguments), runtime);
}

}  // namespace

void define_transform(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<TransformOptions>();
  auto& command =
      commands.add(commands.parser(), "transform",
                   "Build silver and gold with dbt, and test them; exits with 20 when a data test fails",
                   "  spotify-pipeline transform --verbose       show what dbt prints\n"
                   "  spotify-pipeline transform --full-refresh  after a change of the models");
  bind_transform_command(command, options->transform);
  command.bind("dbt.full-refresh", options->full_refresh);
  command.bind("metrics.file", options->metrics_file);
  command.when_chosen([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_warehouse_flags(command, options->transform.warehouse));
      return run(*options, runtime);
    };
  });
}

}  // namespace sdp::cli
