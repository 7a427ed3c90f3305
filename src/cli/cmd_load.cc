#include <fmt/core.h>

#include <memory>

#include "cli/command.h"
#include "cli/hour_settings.h"
#include "cli/load_output.h"
#include "cli/settings.h"
#include "cli/wiring.h"

namespace sdp::cli {
namespace {

struct Options {
  LakeSettings lake;
  ServicesSettings services;
  WarehouseSettings warehouse;
  HourSettings hours;
  load::LoadOptions load;
  bool json = false;
};

Result<int> run(const Options& options, const Runtime& runtime) {
  load::LoadOptions load = options.load;
  SDP_RETURN_IF_ERROR(apply(options.hours, load.hours));
  SDP_TRY(auto lake, open_lake(options.lake, options.services, runtime.clock));
  SDP_TRY(auto warehouse, open_warehouse(options.warehouse, Access::read_write, runtime.clock));
  SDP_RETURN_IF_ERROR(warehouse->init());
  load::LoadRunner runner(*lake.store, *warehouse, runtime.clock, load);
  SDP_TRY(const auto summary, runner.run(runtime.stop));
  SDP_RETURN_IF_ERROR(warehouse->close());
  log_load(summary);
  if (options.json) print_load_json(summary);
  SDP_RETURN_IF_ERROR(load_outcome(summary));
  return 0;
}

}  // namespace

void define_load(CLI::App& app, Action& action) {
  auto* command =
      app.add_subcommand("load", "Load what the lake has and the warehouse has not; again changes nothing");
  const auto options = std::make_shared<Options>();
  add_lake_options(*command, options->lake);
  add_services_options(*command, options->services);
  add_warehouse_options(*command, options->warehouse);
  command
      ->add_option("--transaction-objects", options->load.transaction.objects,
                   "A transaction ends with so many objects")
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}))
      ->capture_default_str();
  command
      ->add_option("--transaction-bytes", options->load.transaction.bytes,
                   "... or with so many bytes of lines")
      ->check(CLI::Range(std::size_t{1}, std::size_t{16} << 30))
      ->capture_default_str();
  add_hour_options(*command, options->hours);
  command->add_flag("--json", options->json, "What was loaded as one JSON object");
  command->callback(
      [options, &action] { action = [options](const Runtime& runtime) { return run(*options, runtime); }; });
}

}  // namespace sdp::cli
