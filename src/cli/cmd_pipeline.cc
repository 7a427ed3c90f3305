#include <memory>
#include <string_view>

#include "cli/command.h"
#include "cli/live.h"
#include "cli/load_output.h"
#include "cli/logging.h"
#include "cli/publish.h"
#include "cli/rejected.h"
#include "cli/settings.h"
#include "cli/wiring.h"

namespace sdp::cli {
namespace {

struct Options {
  LakeSettings lake;
  ServicesSettings services;
  WarehouseSettings warehouse;
  TransformSettings transform;
  load::OtherLake other_lake = load::OtherLake::refuse;
  double reject_ratio_max = kRejectRatioMax;
};

/// A line for each round.
constexpr std::string_view kLevels = "info,load=warning,transform=warning,publish=warning,progress=warning";

Result<int> run(const Options& options, const Runtime& runtime) {
  log_by_default(kLevels);
  if (!is_published(options.warehouse)) {
    return fail(ErrorKind::misconfigured,
                "pipeline publishes after each round, and no folder is named for that; set --published");
  }
  SDP_TRY(const auto lake, open_lake(options.lake, options.services, runtime.clock));
  MartParts parts{.store = *lake.store,
                  .warehouse = options.warehouse,
                  .other_lake = options.other_lake,
                  .transform = {},
                  .reject_ratio_max = options.reject_ratio_max};
  SDP_TRY(parts.transform, transform_options(options.transform, options.warehouse));
  SDP_TRY(const KeptUp last, keep_up(parts, runtime, runtime.stop));
  SDP_RETURN_IF_ERROR(load_outcome(last.loaded));
  if (last.rejected) SDP_RETURN_IF_ERROR(check_rejected(*last.rejected, options.reject_ratio_max));
  return 0;
}

}  // namespace

void define_pipeline(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<Options>();
  auto& command = commands.add(
      commands.parser(), "pipeline",
      "Keep the marts up to date with the lake until Ctrl-C: load, transform and publish in rounds, with a "
      "dbt that stays loaded. A round that fails is tried again, and readers keep what was published. The "
      "sink runs beside it; `verify` proves the result",
      "  spotify-pipeline pipeline                                      beside a sink, on one machine\n"
      "  spotify-pipeline pipeline --warehouse snowflake --published /srv/published");
  bind_lake(command, options->lake);
  bind_services(command, options->services);
  bind_warehouse(command, options->warehouse);
  bind_transform(command, options->transform);
  command.bind("dbt.mapping", options->transform.mapping);
  command.bind("dbt.work-dir", options->transform.work_dir);
  command.bind("publish.folder", options->warehouse.published);
  command.bind("dbt.max-reject-ratio", options->reject_ratio_max);
  bind_other_lake(command, options->other_lake);
  command.when_chosen([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_lake_flags(command, options->lake));
      SDP_RETURN_IF_ERROR(check_warehouse_flags(command, options->warehouse));
      return run(*options, runtime);
    };
  });
}

}  // namespace sdp::cli
