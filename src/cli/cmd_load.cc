#include <fmt/core.h>

#include <memory>

#include "cli/command.h"
#include "cli/load_output.h"
#include "cli/rejected.h"
#include "cli/settings.h"
#include "cli/warehouse_time.h"
#include "cli/wiring.h"

namespace sdp::cli {
namespace {

struct LoadOptions {
  LakeSettings lake;
  ServicesSettings services;
  WarehouseSettings warehouse;
  HourSettings hours;
  load::LoadOptions load;
  double reject_ratio_max = kRejectRatioMax;
  bool json = false;
  std::string metrics_file;
};

Result<int> run(const LoadOptions& options, const Runtime& runtime) {
  if (!options.warehouse.is_snowflake())
    runtime.work.disks = {{.place = "warehouse", .path = options.warehouse.place}};
  load::LoadOptions load = options.load;
  SDP_RETURN_IF_ERROR(apply(options.hours, load.hours));
  SDP_TRY(auto lake, open_lake(options.lake, options.services, runtime.clock));
  const WarehouseTime time(options.warehouse, runtime);
  SDP_TRY(auto warehouse, open_warehouse(options.warehouse, Access::read_write, runtime.clock));
  SDP_RETURN_IF_ERROR(warehouse->init());
  load::LoadRunner runner(*lake.store, *warehouse, runtime.clock, load);
  SDP_TRY(const auto summary, runner.run(runtime.stop));
  runtime.work.records = summary.counts.rows;
  runtime.work.objects = summary.counts.objects;
  Rejected rejected;
  if (summary.counts.rejected > 0) {
    SDP_TRY(rejected, rejected_by_sinks(*warehouse));
  }
  SDP_RETURN_IF_ERROR(warehouse->close());
  log_load(summary);
  options.json ? print_load_json(summary, rejected) : print_rejected(rejected);
  SDP_RETURN_IF_ERROR(load_outcome(summary));
  SDP_RETURN_IF_ERROR(
      check_rejected(summary.counts.rejected, summary.counts.rows, rejected, options.reject_ratio_max));
  return 0;
}

}  // namespace

void define_load(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<LoadOptions>();
  auto& command = commands.add(
      commands.parser(), "load", "Load new lake objects into the warehouse; repeating it changes nothing",
      "  spotify-pipeline load                                         everything that is new\n"
      "  spotify-pipeline load --complete-hours --to 2026-02-15T17  only hours that do not change any more");
  bind_lake(command, options->lake);
  bind_services(command, options->services);
  bind_warehouse(command, options->warehouse);
  command.bind("load.transaction-objects", options->load.transaction.objects);
  command.bind("load.transaction-bytes", options->load.transaction.bytes);
  command.bind("testing.load-listing-pause-ms", options->load.listing_pause);
  bind_hours(command, options->hours);
  bind_other_lake(command, options->load.other_lake);
  command.bind("dbt.max-reject-ratio", options->reject_ratio_max);
  command.bind("output.json", options->json);
  command.bind("metrics.file", options->metrics_file);
  command.when_chosen([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_lake_flags(command, options->lake));
      SDP_RETURN_IF_ERROR(check_warehouse_flags(command, options->warehouse));
      return run(*options, runtime);
    };
  });
}

}  // namespace sdp::cli
