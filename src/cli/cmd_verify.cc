#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "cli/data_dir.h"
#include "cli/rejected.h"
#include "cli/settings.h"
#include "cli/standard_output.h"
#include "cli/wiring.h"
#include "lake_reader/find_places.h"
#include "verify/verify.h"

namespace sdp::cli {
namespace {

struct VerifyOptions {
  LogSettings log;
  LakeSettings lake;
  std::vector<std::string> other_lakes;
  ServicesSettings services;
  WarehouseSettings warehouse;
  std::string data;
  verify::VerifyLimits limits;
  bool allow_pending = false;
  bool only_seed_marts = false;
  bool strict = false;
  double reject_ratio_max = kRejectRatioMax;
  std::string dbt_project;
  std::string mapping;
  bool json = false;
  std::string oracle;
  std::string metrics_file;
};

/// What the warehouse is counted again by.
struct Rules {
  std::filesystem::path recounts;
  std::optional<mapping::Mapping> mapping;
};

struct Outcome {
  verify::Report report;
  std::optional<Rejected> rejected;  ///< nothing as long as there is no silver
};

Result<Outcome> prove(const verify::VerifyInputs& inputs) {
  Outcome outcome;
  SDP_TRY(outcome.report, verify::verify(inputs));
  // Tables that are not as they must be are verify's to name.
  if (outcome.report.proved()) {
    SDP_TRY(outcome.rejected, rejected_in_silver(*inputs.warehouse));
  }
  return outcome;
}

/// Another lake, and the log that fills it, open as long as they are looked at.
struct OpenLake {
  Lake lake;
  std::unique_ptr<log::EventLog> log;
};

/// The log is that of the topic which the lake has.
Result<OpenLake> open_other_lake(const VerifyOptions& options, const std::string& place,
                                 const Runtime& runtime) {
  OpenLake open;
  LakeSettings lake_settings = options.lake;
  lake_settings.place = place;
  SDP_TRY(open.lake, open_lake(lake_settings, options.services, runtime.clock));
  if (!options.data.empty()) return open;
  SDP_TRY(const auto found, lake_reader::find_layout(*open.lake.store));
  SDP_TRY(const auto layout, lake_reader::read_layout(*open.lake.store, found));
  if (!layout) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("--other-lake {}: no sink has written there yet, so nothing tells its topic", place));
  }
  LogSettings log_settings = options.log;
  log_settings.topic.name = layout->topic;
  SDP_TRY(open.log, open_kafka(log_settings, options.services));
  return open;
}

Result<std::vector<OpenLake>> open_other_lakes(const VerifyOptions& options, const Runtime& runtime) {
  std::vector<OpenLake> opened;
  for (const std::string& place : options.other_lakes) {
    SDP_TRY(auto open, open_other_lake(options, place, runtime));
    opened.push_back(std::move(open));
  }
  return opened;
}

void add_lakes(verify::VerifyInputs& inputs, const std::vector<OpenLake>& others) {
  for (const OpenLake& other : others)
    inputs.others.push_back({.store = other.lake.store.get(), .log = other.log.get()});
}

/// What both kinds of a run are looked at by; the log or its witness joins.
verify::VerifyInputs inputs_of(const VerifyOptions& options, store::ObjectStore& store,
                               warehouse::Warehouse& warehouse, const Rules& rules) {
  return {.store = store,
          .warehouse = &warehouse,
          .allow_pending = options.allow_pending,
          .derived_marts = !options.only_seed_marts,
          .recounts = rules.recounts,
          .mapping = rules.mapping ? &*rules.mapping : nullptr,
          .strict = options.strict,
          .oracle = options.oracle,
          .limits = options.limits};
}

/// With --data: the lake, the witness and, unless --warehouse names another, the warehouse of an embedded
/// run.
Result<Outcome> verify_embedded(const VerifyOptions& options, bool names_warehouse, const Runtime& runtime,
                                const Rules& rules) {
  SDP_TRY(const DataDir data, DataDir::open_to_read(options.data));
  LakeSettings lake_settings = options.lake;
  lake_settings.place = data.lake();
  SDP_TRY(auto lake, open_lake(lake_settings, options.services, runtime.clock));
  WarehouseSettings warehouse_settings = options.warehouse;
  if (!names_warehouse && !warehouse_settings.is_snowflake()) warehouse_settings.place = data.warehouse();
  SDP_TRY(auto warehouse, open_warehouse(warehouse_settings, Access::read_only, runtime.clock));
  auto inputs = inputs_of(options, *lake.store, *warehouse, rules);
  inputs.witness_root = data.log();
  SDP_TRY(const auto others, open_other_lakes(options, runtime));
  add_lakes(inputs, others);
  return prove(inputs);
}

Result<Outcome> verify_services(const VerifyOptions& options, const Runtime& runtime, const Rules& rules) {
  SDP_TRY(auto log, open_kafka(options.log, options.services));
  SDP_TRY(auto lake, open_lake(options.lake, options.services, runtime.clock));
  SDP_TRY(auto warehouse, open_warehouse(options.warehouse, Access::read_only, runtime.clock));
  auto inputs = inputs_of(options, *lake.store, *warehouse, rules);
  inputs.log = log.get();
  SDP_TRY(const auto others, open_other_lakes(options, runtime));
  add_lakes(inputs, others);
  return prove(inputs);
}

Result<void> check_flags(const VerifyOptions& options, const settings::Command& command) {
  SDP_RETURN_IF_ERROR(check_warehouse_flags(command, options.warehouse));
  return options.data.empty() ? check_lake_flags(command, options.lake)
                              : check_embedded_flags(command, options.data);
}

Result<int> run(const VerifyOptions& options, const settings::Command& command, const Runtime& runtime) {
  SDP_RETURN_IF_ERROR(check_flags(options, command));
  Rules rules{.recounts = recounts_folder(options.dbt_project, options.warehouse), .mapping = {}};
  SDP_TRY(rules.mapping, read_mapping(options.mapping, options.warehouse.deps));
  const bool names_warehouse = command.find("warehouse.place")->origin.kind == settings::Origin::Kind::flag;
  SDP_TRY(const Outcome outcome, options.data.empty()
                                     ? verify_services(options, runtime, rules)
                                     : verify_embedded(options, names_warehouse, runtime, rules));
  const auto& [report, rejected] = outcome;
  runtime.work.records = report.offsets;
  runtime.work.objects = report.objects;
  print_out("{}", options.json ? to_json(report) : to_text(report));
  if (rejected && !options.json) print_rejected(*rejected);
  if (!report.proved()) return base::exit_code(ErrorKind::violation);
  if (rejected) SDP_RETURN_IF_ERROR(check_rejected(*rejected, options.reject_ratio_max));
  return 0;
}

}  // namespace

void define_verify(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<VerifyOptions>();
  auto& command =
      commands.add_reader(commands.parser(), "verify",
                          "Prove every offset of the log in every stage, and every cell of the marts; exits "
                          "with 20 when one is wrong",
                          "  spotify-pipeline verify --data data      prove what `run` has made\n"
                          "  spotify-pipeline verify --allow-pending  while sink and load still work");
  command.bind("verify.data", options->data);
  command.bind("verify.allow-pending", options->allow_pending);
  command.bind("verify.only-seed-marts", options->only_seed_marts);
  command.bind("verify.strict", options->strict);
  command.bind("verify.oracle", options->oracle);
  command.bind("dbt.max-reject-ratio", options->reject_ratio_max);
  command.bind("dbt.project", options->dbt_project);
  command.bind("dbt.mapping", options->mapping);
  command.bind("verify.records-max", options->limits.records_max);
  command.bind("sink.value-bytes-max", options->limits.value_bytes_max);
  bind_log(command, options->log);
  bind_lake(command, options->lake);
  command.bind_as<std::string>(
      "verify.other-lakes",
      [options] { return options->other_lakes.empty() ? std::string() : options->other_lakes.back(); },
      [options](std::string place) { options->other_lakes.push_back(std::move(place)); });
  bind_services(command, options->services);
  bind_warehouse(command, options->warehouse);
  command.bind("output.json", options->json);
  command.bind("metrics.file", options->metrics_file);
  command.when_chosen([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) { return run(*options, command, runtime); };
  });
}

}  // namespace sdp::cli
