#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/hour_settings.h"
#include "cli/json_output.h"
#include "cli/settings.h"
#include "cli/wiring.h"
#include "diag/log.h"
#include "load/extract.h"
#include "store/directory/directory_store.h"

namespace sdp::cli {
namespace {

struct Options {
  LakeSettings lake;
  ServicesSettings services;
  WarehouseSettings warehouse;
  HourSettings hours;
  std::string stage_dir;
  bool json = false;
};

Result<lake_reader::LoadPlan> make_plan(const Options& options, store::ObjectStore& lake, Clock& clock) {
  lake_reader::HoursWanted hours;
  SDP_RETURN_IF_ERROR(apply(options.hours, hours));
  SDP_TRY(auto warehouse, open_warehouse(options.warehouse, Access::read_write, clock));
  SDP_RETURN_IF_ERROR(warehouse->init());
  SDP_TRY(auto plan, load::plan_new_objects(lake_reader::LakeReader(lake), *warehouse, hours));
  // Others may have it while objects are copied.
  SDP_RETURN_IF_ERROR(warehouse->close());
  return plan;
}

Result<int> run(const Options& options, const Runtime& runtime) {
  SDP_TRY(auto lake, open_lake(options.lake, options.services, runtime.clock));
  SDP_TRY(const auto plan, make_plan(options, *lake.store, runtime.clock));
  // It is a copy: what a power cut takes of it is fetched again.
  store::DirectoryOptions unsynced;
  unsynced.sync = false;
  SDP_TRY(auto copy, store::DirectoryStore::open(options.stage_dir, unsynced, runtime.clock));
  SDP_TRY(const auto summary, load::extract(*lake.store, plan, *copy, runtime.stop));
  diag::log_event("extract.finished", {{"path", options.stage_dir},
                                       {"objects", summary.objects},
                                       {"bytes", summary.bytes},
                                       {"copied_before", summary.copied_before},
                                       {"loaded_before", summary.loaded_already}});
  if (options.json) {
    print_line({{"schema_version", 1},
                {"stage_dir", options.stage_dir},
                {"objects", summary.objects},
                {"bytes", summary.bytes},
                {"loaded_already", summary.loaded_already},
                {"sha256", summary.sha256}});
  }
  return 0;
}

}  // namespace

void define_extract(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "extract", "Copy what the warehouse has not from the lake to a folder, for `load --lake FOLDER`");
  const auto options = std::make_shared<Options>();
  command
      ->add_option("--stage-dir", options->stage_dir,
                   "The folder; what is there already is not fetched again")
      ->required();
  command->add_flag("--json", options->json, "What was extracted as one JSON object");
  add_hour_options(*command, options->hours);
  add_lake_options(*command, options->lake);
  add_services_options(*command, options->services);
  add_warehouse_options(*command, options->warehouse);
  command->callback(
      [options, &action] { action = [options](const Runtime& runtime) { return run(*options, runtime); }; });
}

}  // namespace sdp::cli
