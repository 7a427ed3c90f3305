#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "base/text_table.h"
#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/settings.h"
#include "cli/wiring.h"
#include "diag/log.h"
#include "lake_reader/find_places.h"
#include "load/extract.h"
#include "store/directory/directory_store.h"

namespace sdp::cli {
namespace {

struct ExtractOptions {
  LakeSettings lake;
  ServicesSettings services;
  WarehouseSettings warehouse;
  HourSettings hours;
  load::OtherLake other_lake = load::OtherLake::refuse;
  std::string stage_dir;
  bool json = false;
};

struct Planned {
  lake_reader::LoadPlan objects;
  std::set<std::string> known_topics;
};

/// What the warehouse has; nothing where no load has made its file yet, which is left to the load.
Result<load::Ledger> ledger_of(const WarehouseSettings& settings, Clock& clock) {
  std::error_code ignored;
  if (!settings.is_snowflake() && !std::filesystem::exists(settings.place, ignored)) return load::Ledger{};
  SDP_TRY(auto warehouse, open_warehouse(settings, Access::read_only, clock));
  SDP_TRY(const bool has_ledger, warehouse->has_ledger());
  if (!has_ledger) return load::Ledger{};
  SDP_TRY(auto ledger, load::read_ledger(*warehouse));
  // Others may have it while objects are copied.
  SDP_RETURN_IF_ERROR(warehouse->close());
  return ledger;
}

Result<Planned> make_plan(const ExtractOptions& options, store::ObjectStore& lake, Clock& clock) {
  lake_reader::HoursWanted hours;
  SDP_RETURN_IF_ERROR(apply(options.hours, hours));
  SDP_TRY(const load::Ledger ledger, ledger_of(options.warehouse, clock));
  SDP_TRY(const lake::Places places, lake_reader::find_places(lake));
  SDP_TRY(auto overrides, lake_reader::read_overrides(lake, places));
  const lake_reader::LakeReader reader(lake, places, std::move(overrides));
  SDP_TRY(auto plan, load::plan_new_objects(reader, ledger, hours, options.other_lake));
  return Planned{.objects = std::move(plan), .known_topics = load::topic_ids(ledger.chains)};
}

Result<int> run(const ExtractOptions& options, const Runtime& runtime) {
  SDP_TRY(auto lake, open_lake(options.lake, options.services, runtime.clock));
  SDP_TRY(const auto plan, make_plan(options, *lake.store, runtime.clock));
  // It is a copy: what a power cut takes of it is fetched again.
  store::DirectoryOptions unsynced;
  unsynced.sync = false;
  SDP_TRY(auto copy, store::DirectoryStore::open(options.stage_dir, unsynced, runtime.clock));
  SDP_TRY(const auto summary,
          load::extract(*lake.store, plan.objects, plan.known_topics, *copy, runtime.stop));
  for (const Error& problem : summary.problems)
    diag::log_event("extract.problem", {{"kind", name(problem.kind)}, {"message", problem.message}});
  diag::log_event("extract.finished", {{"path", options.stage_dir},
                                       {"objects", summary.objects},
                                       {"bytes", summary.bytes},
                                       {"copied_before", summary.copied_before},
                                       {"loaded_before", summary.loaded_already},
                                       {"problems", summary.problems.size()}});
  if (options.json) {
    print_line({{"schema_version", 1},
                {"stage_dir", options.stage_dir},
                {"objects", summary.objects},
                {"bytes", summary.bytes},
                {"loaded_already", summary.loaded_already},
                {"problems", summary.problems.size()},
                {"sha256", summary.sha256}});
  }
  if (summary.problems.empty()) return 0;
  return fail(ErrorKind::partial,
              fmt::format("{} could not be copied to the end; everything else is in {}. Repair in the lake "
                          "what the lines above name (docs/lake-repair.md), then extract again",
                          base::plural(summary.problems.size(), "chain"), options.stage_dir));
}

}  // namespace

void define_extract(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<ExtractOptions>();
  auto& command =
      commands.add(commands.parser(), "extract",
                   "Copy the lake objects that are not loaded yet to a folder, for `load --lake FOLDER`",
                   "  spotify-pipeline extract --stage-dir /tmp/stage  copy what is new\n"
                   "  spotify-pipeline load --lake /tmp/stage          then load it");
  command.bind("load.stage-dir", options->stage_dir, {.required = true});
  bind_hours(command, options->hours);
  bind_other_lake(command, options->other_lake);
  bind_lake(command, options->lake);
  bind_services(command, options->services);
  bind_warehouse(command, options->warehouse);
  command.bind("output.json", options->json);
  command.when_chosen([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_lake_flags(command, options->lake));
      SDP_RETURN_IF_ERROR(check_warehouse_flags(command, options->warehouse));
      return run(*options, runtime);
    };
  });
}

}  // namespace sdp::cli
