#include <fmt/core.h>

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "cli/command.h"
#include "cli/data_dir.h"
#include "cli/settings.h"
#include "cli/transform_settings.h"
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
  bool derived_marts = true;
  bool strict = false;
  std::string dbt_project;
  bool json = false;
};

/// With --data: the lake, the witness and the warehouse of an embedded run.
Result<verify::Report> verify_embedded(const Options& options, const Runtime& runtime,
                                       const std::filesystem::path& recounts) {
  SDP_TRY(const DataDir data, DataDir::open_existing(options.data));
  LakeSettings lake_settings = options.lake;
  lake_settings.lake = data.lake();
  SDP_TRY(auto lake, open_lake(lake_settings, options.services, runtime.clock));
  WarehouseSettings warehouse_settings = options.warehouse;
  if (!warehouse_settings.is_snowflake()) warehouse_settings.place = data.warehouse();
  SDP_TRY(auto warehouse, open_warehouse(warehouse_settings, Access::read_only, runtime.clock));
  return verify::verify({.store = *lake.store,
                         .witness_root = data.log(),
                         .warehouse = warehouse.get(),
                         .allow_pending = options.allow_pending,
                         .derived_marts = options.derived_marts,
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
                         .derived_marts = options.derived_marts,
                         .recounts = recounts,
                         .strict = options.strict,
                         .limits = options.limits});
}

Result<int> run(const Options& options, const Runtime& runtime) {
  const auto recounts = recounts_folder(options.dbt_project);
  SDP_TRY(const auto report, options.data.empty() ? verify_services(options, runtime, recounts)
                                                  : verify_embedded(options, runtime, recounts));
  fmt::print("{}", options.json ? to_json(report) : to_text(report));
  return report.proved() ? 0 : base::exit_code(ErrorKind::violation);
}

}  // namespace

void define_verify(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "verify", "Account for every offset from the log to each cell of the marts; exit 20 when one is wrong");
  const auto options = std::make_shared<Options>();
  command->add_option("--data", options->data,
                      "Verify the embedded pipeline of this folder instead of Kafka and --lake");
  command->add_flag("--allow-pending", options->allow_pending,
                    "What a later stage has not come to yet is no violation");
  command->add_flag("!--only-seed-marts", options->derived_marts,
                    "Of the marts, only TOP_SONGS and USER_ENGAGEMENT: takes half the time");
  command->add_flag("--strict", options->strict, "A mart or column without a recount breaks the proof");
  command
      ->add_option(
          "--dbt-project", options->dbt_project,
          "The dbt project, whose recounts say how its marts are counted again (default: spotify_dbt "
          "beside the deps)")
      ->envname("SPOTIFY_DBT_PROJECT");
  command
      ->add_option("--records-max", options->limits.records_max,
                   "Refuse larger proofs: about 100 bytes of memory each")
      ->capture_default_str();
  command
      ->add_option("--value-bytes-max", options->limits.value_bytes_max,
                   "As the sink had it: beyond, a value is rightly rejected")
      ->check(CLI::Range(std::size_t{1}, std::size_t{64} << 20))
      ->capture_default_str();
  command->add_flag("--json", options->json, "The report as one JSON object");
  add_log_options(*command, options->log);
  add_lake_options(*command, options->lake);
  add_services_options(*command, options->services);
  add_warehouse_options(*command, options->warehouse);
  command->callback(
      [options, &action] { action = [options](const Runtime& runtime) { return run(*options, runtime); }; });
}

}  // namespace sdp::cli
