#include <fmt/core.h>
#include <fmt/ranges.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "base/text_table.h"
#include "cli/checks.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "cli/wiring.h"
#include "lake/object_key.h"
#include "lake_reader/find_places.h"
#include "log/kafka/probe.h"
#include "mapping/compile.h"
#include "mapping/mapping.h"
#include "settings/place.h"
#include "store/directory/durable_folders.h"
#include "verify/verify.h"

namespace sdp::cli {
namespace {

struct Options {
  LogSettings log;
  LakeSettings lake;
  ServicesSettings services;
  WarehouseSettings warehouse;
  TransformSettings transform;
  std::string mapping;
  bool json = false;
};

namespace fs = std::filesystem;

/// Of a disk: with less, a load or a build of a million events may fill it.
constexpr std::uintmax_t kFreeMin = std::uintmax_t{1} << 30;
/// Files that a process may have open at a time: a sink has a connection to each broker and for each upload.
constexpr rlim_t kOpenFilesMin = 256;

double in_gib(std::uintmax_t bytes) {
  return static_cast<double>(bytes) / static_cast<double>(std::uintmax_t{1} << 30);
}

/// Of a path that may not be there yet: what its disk has.
Result<std::uintmax_t> free_bytes(const fs::path& path) {
  std::error_code failure;
  const fs::space_info space = fs::space(store::existing_ancestor(fs::absolute(path)), failure);
  if (!failure) return space.available;
  return fail(ErrorKind::unauthorized,
              fmt::format("{} cannot be looked at: {}", path.string(), failure.message()));
}

Result<std::string> check_disk(const Options& options) {
  std::vector<fs::path> places;
  if (!settings::parse_bucket(options.lake.place)) places.emplace_back(options.lake.place);
  if (!options.warehouse.is_snowflake()) places.emplace_back(options.warehouse.place);
  if (places.empty()) return "nothing lies on a disk of this machine";
  std::vector<std::string> told;
  for (const fs::path& place : places) {
    SDP_TRY(const std::uintmax_t bytes, free_bytes(place));
    if (bytes < kFreeMin) {
      return fail(ErrorKind::cannot_write,
                  fmt::format("only {:.2f} GiB are free for {}; make room: at least {:.0f} GiB",
                              in_gib(bytes), place.string(), in_gib(kFreeMin)));
    }
    told.push_back(fmt::format("{:.1f} GiB are free for {}", in_gib(bytes), place.string()));
  }
  return fmt::format("{}", fmt::join(told, ", "));
}

Result<std::string> check_limits() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return "the number of open files is not known";
  if (limit.rlim_cur >= kOpenFilesMin)
    return fmt::format("{} files may be open at a time", base::with_commas(limit.rlim_cur));
  return fail(ErrorKind::misconfigured,
              fmt::format("only {} files may be open at a time; raise it with `ulimit -n {}`", limit.rlim_cur,
                          kOpenFilesMin));
}

Result<std::string> check_log(const Options& options) {
  SDP_TRY(const auto settings, with_address(options.log, options.services));
  SDP_TRY(auto log, open_kafka(settings, options.services));
  SDP_TRY(const log::TopicInfo topic, log->describe());
  if (topic.compacted)
    return fail(ErrorKind::misconfigured, "topic " + topic.name + " is compacted; set cleanup.policy=delete");
  const bool create_time = topic.timestamp_type == log::TimestampType::create_time;
  const std::string_view missing = log::kafka::missing_in_library();
  return fmt::format("topic {} with {} at {}{}{}{}", topic.name,
                     base::plural(static_cast<std::uint64_t>(topic.partitions), "partition"),
                     settings.kafka.bootstrap_servers,
                     create_time
                         ? "; it has CreateTime, so objects are filed under the producers' clocks and hours "
                           "close by the sink's"
                         : "",
                     missing.empty() ? "" : "; ", missing);
}

Result<std::string> check_lake(const Options& options, Clock& clock) {
  SDP_TRY(auto lake, open_lake(options.lake, options.services, clock));
  SDP_RETURN_IF_ERROR(
      lake.store->list(lake::kBronzePrefix, [](const store::ListedObject&) { return false; }));
  SDP_TRY(const lake::Places places, lake_reader::find_places(*lake.store));
  SDP_TRY(const auto probe, lake.store->head(places.probe_key()));
  return lake.store->describe() + (probe ? " can be read, and a sink has tested its create-only puts"
                                         : " can be read; the first sink tests its create-only puts");
}

Result<std::string> check_warehouse(const Options& options, Clock& clock) {
  const auto& place = options.warehouse.place;
  // Of one that may not be looked at, opening it says why.
  std::error_code unknown;
  if (!options.warehouse.is_snowflake() && !std::filesystem::exists(place, unknown) && !unknown)
    return "DuckDB " + place + " is not there yet; `load` makes it";
  SDP_TRY(auto warehouse, open_warehouse(options.warehouse, Access::read_only, clock));
  SDP_RETURN_IF_ERROR(warehouse->query("SELECT 1"));
  return warehouse->describe() + " can be read";
}

Result<std::string> check_transform(const Options& options) {
  SDP_TRY(const auto transform, transform_options(options.transform, options.warehouse));
  for (const auto& path : {transform.dbt_path, transform.project_dir / "dbt_project.yml"}) {
    std::error_code unknown;
    if (std::filesystem::exists(path, unknown)) continue;
    if (unknown) {
      return fail(ErrorKind::unauthorized,
                  fmt::format("{} cannot be looked at: {}", path.string(), unknown.message()));
    }
    return fail(ErrorKind::misconfigured, path.string() + " is missing; run tools/setup build");
  }
  return "dbt at " + transform.dbt_path.string();
}

/// That it can be read, that it is the warehouse's, and which one it is.
Result<std::string> check_mapping(const Options& options, Clock& clock) {
  const WarehouseSettings& settings = options.warehouse;
  SDP_TRY(const auto mapping, read_mapping(options.mapping, settings.deps));
  std::string found = "none is set: records are events";
  if (mapping) {
    const auto dialect = settings.is_snowflake() ? mapping::Dialect::snowflake : mapping::Dialect::duckdb;
    if (const auto sql = mapping::compile(*mapping, dialect); !sql) return std::unexpected(sql.error());
    found = fmt::format("{} makes events of records; its digest is {:.12}", options.mapping,
                        mapping::digest(*mapping));
  }
  std::error_code unknown;
  if (!settings.is_snowflake() && !std::filesystem::exists(settings.place, unknown) && !unknown) return found;
  auto warehouse = open_warehouse(settings, Access::read_only, clock);
  // That it cannot be opened is told by its own check.
  if (!warehouse) return found + "; by which one the warehouse was built is not known";
  SDP_RETURN_IF_ERROR(verify::check_mapping(**warehouse, mapping ? &*mapping : nullptr));
  return found;
}

Result<int> run(const Options& options, const Runtime& runtime) {
  // Servers come last: one that does not answer is waited for.
  Checks checks(options.json);
  checks.add("limits", check_limits());
  checks.add("disk", check_disk(options));
  checks.add("transform", check_transform(options));
  checks.add("warehouse", check_warehouse(options, runtime.clock));
  checks.add("mapping", check_mapping(options, runtime.clock));
  checks.add("lake", check_lake(options, runtime.clock));
  checks.add("log", check_log(options));
  checks.finish();
  return std::ranges::all_of(checks.all(), [](const Check& check) { return check.outcome.has_value(); })
             ? 0
             : kUnhealthy;
}

}  // namespace

void define_doctor(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<Options>();
  auto& command = commands.add_reader(commands.parser(), "doctor",
                                      "Check that log, lake, warehouse and dbt can be reached with these "
                                      "settings, that a mapping can be used, and that this machine has room; "
                                      "writes nothing, and exits with 10 when a check fails",
                                      "  spotify-pipeline doctor --json  for a program");
  bind_log(command, options->log);
  bind_lake(command, options->lake);
  bind_services(command, options->services);
  bind_warehouse(command, options->warehouse);
  command.bind("dbt.project", options->transform.project);
  command.bind("dbt.mapping", options->mapping);
  command.bind("output.json", options->json);
  command.when_chosen([options, &command, &action] {
    if (!command.parser().get_subcommands().empty()) return;
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_lake_flags(command, options->lake));
      SDP_RETURN_IF_ERROR(check_warehouse_flags(command, options->warehouse));
      return run(*options, runtime);
    };
  });
  define_doctor_stack(commands, command, action);
}

}  // namespace sdp::cli
