#include <fmt/core.h>

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "cli/command.h"
#include "cli/data_dir.h"
#include "cli/settings.h"
#include "cli/wiring.h"
#include "verify/verify.h"

namespace sdp::cli {
namespace {

struct Options {
  LogSettings log;
  LakeSettings lake;
  ServicesSettings services;
  WarehouseSettings warehouse;
  std::string data;
  verify::VerifyLimits limits;
  bool allow_pending = false;
  bool only_seed_marts = false;
  bool strict = false;
  std::string dbt_project;
  bool json = false;
};

/// With --data: the lake, the witness and the warehouse of an embedded run.
Result<verify::Report> verify_embedded(const Options& options, const Runtime& runtime,
                                       const std::filesystem::path& recounts) {
  SDP_TRY(const DataDir data, DataDir::open_existing(options.data));
  LakeSettings lake_settings = options.lake;
  lake_settings.place = data.lake();
  SDP_TRY(auto lake, open_lake(lake_settings, options.services, runtime.clock));
  WarehouseSettings warehouse_settings = options.warehouse;
  if (!warehouse_settings.is_snowflake()) warehouse_settings.place = data.warehouse();
  SDP_TRY(auto warehouse, open_warehouse(warehouse_settings, Access::read_only, runtime.clock));
  return verify::verify({.store = *lake.store,
                         .witness_root = data.log(),
                         .warehouse = warehouse.get(),
                         .allow_pending = options.allow_pending,
                         .derived_marts = !options.only_seed_marts,
                         .recounts = recounts,
                         .strict = options.strict,
                         .limits = options.limits});
}

Result<verify::Report> verify_services(const Options& options, const Runtime& runtime,
                                       const std::filesystem::path& recounts) {
  SDP_TRY(auto log, open_kafka(options.log, options.services));
  SDP_TRY(auto lake, open_lake(options.lake, options.services, runtime.clock));
  SDP_TRY(auto warehouse, open_warehouse(options.warehouse, Access::read_only, runtime.clock));
  return verify::verify({.store = *lake.store,
                         .log = log.get(),
                         .witness_root = {},
                         .warehouse = warehouse.get(),
                         .allow_pending = options.allow_pending,
                         .derived_marts = !options.only_seed_marts,
                         .recounts = recounts,
                         .strict = options.strict,
                         .limits = options.limits});
}

Result<int> run(const Options& options, const Runtime& runtime) {
  const auto recounts = recounts_folder(options.dbt_project, options.warehouse);
  SDP_TRY(const auto report, options.data.empty() ? verify_services(options, runtime, recounts)
                                                  : verify_embedded(options, runtime, recounts));
  fmt::print("{}", options.json ? to_json(report) : to_text(report));
  return report.proved() ? 0 : base::exit_code(ErrorKind::violation);
}

}  // namespace

void define_verify(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<Options>();
  auto& command = commands.add(
      commands.parser(), "verify",
      "Account for every offset from the log to each cell of the marts; exit 20 when one is wrong",
      "  spotify-pipeline verify --data data      prove an embedded run\n"
      "  spotify-pipeline verify --allow-pending  while sink and load still work");
  command.bind("verify.data", options->data);
  command.bind("verify.allow-pending", options->allow_pending);
  command.bind("verify.only-seed-marts", options->only_seed_marts);
  command.bind("verify.strict", options->strict);
  command.bind("dbt.project", options->dbt_project);
  command.bind("verify.records-max", options->limits.records_max);
  command.bind("sink.value-bytes-max", options->limits.value_bytes_max);
  bind_log(command, options->log);
  bind_lake(command, options->lake);
  bind_services(command, options->services);
  bind_warehouse(command, options->warehouse);
  command.bind("output.json", options->json);
  command.parser().callback(
      [options, &action] { action = [options](const Runtime& runtime) { return run(*options, runtime); }; });
}

}  // namespace sdp::cli
