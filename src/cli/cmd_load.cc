#include <fmt/core.h>

#include <memory>

#include "cli/command.h"
#include "cli/load_output.h"
#include "cli/settings.h"
#include "cli/wiring.h"

namespace sdp::cli {
namespace {

struct Options {
  LakeSettings lake;
  WarehouseSettings warehouse;
  load::LoadOptions load;
  bool complete_hours = false;
  std::string hours_to;
};

Result<load::LoadOptions> load_options(const Options& options) {
  load::LoadOptions load = options.load;
  load.complete_hours = options.complete_hours;
  if (options.hours_to.empty()) return load;
  load.complete_hours = true;
  load.hours_to = lake::parse_hour(options.hours_to);
  if (load.hours_to) return load;
  return fail(ErrorKind::misconfigured, "--to " + options.hours_to + " is no hour like 2026-02-15T17");
}

Result<int> run(const Options& options, const Runtime& runtime) {
  SDP_TRY(const auto load, load_options(options));
  SDP_TRY(auto lake, open_lake(options.lake, runtime.clock));
  SDP_TRY(auto warehouse, open_warehouse(options.warehouse, Access::read_write, runtime.clock));
  SDP_CHECK_OK(warehouse->init());
  load::LoadRunner runner(*lake.store, *warehouse, runtime.clock, load);
  SDP_TRY(const auto summary, runner.run(runtime.stop));
  SDP_CHECK_OK(warehouse->close());
  print_load(summary);
  SDP_CHECK_OK(load_verdict(summary));
  return 0;
}

}  // namespace

void define_load(CLI::App& app, Action& action) {
  auto* command =
      app.add_subcommand("load", "Load what the lake has and the warehouse has not; again changes nothing");
  const auto options = std::make_shared<Options>();
  add_lake_options(*command, options->lake);
  add_warehouse_options(*command, options->warehouse);
  command
      ->add_option("--transaction-objects", options->load.transaction_objects,
                   "A transaction ends with so many objects")
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}))
      ->capture_default_str();
  command
      ->add_option("--transaction-bytes", options->load.transaction_bytes,
                   "... or with so many bytes of lines")
      ->check(CLI::Range(std::size_t{1}, std::size_t{16} << 30))
      ->capture_default_str();
  command->add_flag("--complete-hours", options->complete_hours,
                    "Only hours that are complete: all partitions closed them, and they never change");
  command->add_option("--to", options->hours_to, "Only complete hours up to this one, such as 2026-02-15T17");
  command->callback(
      [options, &action] { action = [options](const Runtime& runtime) { return run(*options, runtime); }; });
}

}  // namespace sdp::cli
