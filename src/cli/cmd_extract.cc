#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <string>

#include "cli/command.h"
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

void define_extract(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<Options>();
  auto& command = commands.add(
      commands.parser(), "extract",
      "Copy lake objects that the warehouse has not loaded to a folder, for `load --lake FOLDER`",
      "  spotify-pipeline extract --stage-dir /tmp/stage  copy what is new\n"
      "  spotify-pipeline load --lake /tmp/stage          then load it");
  command.bind("load.stage-dir", options->stage_dir, {.required = true});
  bind_hours(command, options->hours);
  bind_lake(command, options->lake);
  bind_services(command, options->services);
  bind_warehouse(command, options->warehouse);
  command.bind("output.json", options->json);
  command.parser().callback(
      [options, &action] { action = [options](const Runtime& runtime) { return run(*options, runtime); }; });
}

}  // namespace sdp::cli
