#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "base/duration_text.h"
#include "base/text_table.h"
#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/settings.h"
#include "cli/standard_output.h"
#include "os/posix_file.h"
#include "transform/freshness.h"
#include "transform/work_dir.h"

namespace sdp::cli {
namespace {

using transform::Freshness;
using transform::SourceFreshness;

struct FreshnessOptions {
  WarehouseSettings warehouse;
  TransformSettings transform;
  int late_after_h = 0;  ///< 0: as the project says
  int stale_after_h = 0;
  bool json = false;
};

/// The worst of all; empty where nothing was loaded yet.
Freshness state_of(const std::vector<SourceFreshness>& sources) {
  const auto worst = std::ranges::max_element(sources, {}, &SourceFreshness::state);
  return worst == sources.end() ? Freshness::empty : worst->state;
}

template <typename Value>
nlohmann::ordered_json or_null(const std::optional<Value>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

void print_as_json(const std::vector<SourceFreshness>& sources) {
  nlohmann::ordered_json line{{"schema_version", 1},
                              {"state", transform::to_string(state_of(sources))},
                              {"sources", nlohmann::ordered_json::array()}};
  for (const SourceFreshness& source : sources) {
    line["sources"].push_back({{"source", source.source},
                               {"state", transform::to_string(source.state)},
                               {"newest", or_null(source.newest)},
                               {"age_s", or_null(source.age_s)},
                               {"late_after_s", or_null(source.late_after_s)},
                               {"stale_after_s", or_null(source.stale_after_s)}});
  }
  print_line(line);
}

std::optional<std::string> duration(const std::optional<std::int64_t>& seconds) {
  if (!seconds) return std::nullopt;
  return base::duration_text(std::chrono::seconds(*seconds));
}

void print_as_table(const std::vector<SourceFreshness>& sources) {
  base::TextTable table{.columns = {"SOURCE", "STATE", "NEWEST RECORD", "AGE", "LATE AFTER", "STALE AFTER"},
                        .rows = {}};
  for (const SourceFreshness& source : sources) {
    table.rows.push_back({source.source, std::string(transform::to_string(source.state)), source.newest,
                          duration(source.age_s), duration(source.late_after_s),
                          duration(source.stale_after_s)});
  }
  print_out("{}", base::format_table(table));
}

/// dbt would make the file, and this command changes no warehouse.
Result<bool> is_there(const WarehouseSettings& warehouse) {
  if (warehouse.is_snowflake()) return true;
  std::error_code error;
  const bool there = std::filesystem::exists(warehouse.place, error);
  if (error) return os::posix_error(error.value(), os::Access::read, "read", warehouse.place);
  return there;
}

Result<int> run(const FreshnessOptions& options, const Runtime& runtime) {
  SDP_TRY(auto dbt, transform_options(options.transform, options.warehouse));
  if (options.late_after_h > 0)
    dbt.environment["SPOTIFY_LATE_AFTER_H"] = std::to_string(options.late_after_h);
  if (options.stale_after_h > 0)
    dbt.environment["SPOTIFY_STALE_AFTER_H"] = std::to_string(options.stale_after_h);
  std::vector<SourceFreshness> sources;
  SDP_TRY(const bool there, is_there(options.warehouse));
  if (there) {
    SDP_TRY(const auto held, transform::hold_work_dir(dbt.work_dir));
    SDP_TRY(sources, transform::measure_freshness(dbt, runtime.stop));
  }
  const Freshness state = state_of(sources);
  if (options.json) {
    print_as_json(sources);
  } else if (sources.empty()) {
    print_out("{}: nothing was loaded yet\n", options.warehouse.place);
  } else {
    print_as_table(sources);
  }
  return state == Freshness::fresh || state == Freshness::late ? 0 : kUnhealthy;
}

}  // namespace

void define_freshness(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<FreshnessOptions>();
  auto& command = commands.add(
      commands.parser(), "freshness",
      "Tell by dbt how old the newest loaded record is (`dbt source freshness`); exits with 10 when it is "
      "older than the project allows, or when nothing was loaded yet",
      "  spotify-pipeline freshness          the limits stand in spotify_dbt/models/sources.yml\n"
      "  spotify-pipeline freshness --json   as one JSON object");
  bind_warehouse(command, options->warehouse);
  command.bind("dbt.project", options->transform.project);
  command.bind("dbt.mapping", options->transform.mapping);
  command.bind("dbt.late-after-h", options->late_after_h);
  command.bind("dbt.stale-after-h", options->stale_after_h);
  command.bind("dbt.verbose", options->transform.verbose);
  command.bind("dbt.timeout-s", options->transform.time_limit);
  command.bind("dbt.work-dir", options->transform.work_dir);
  command.bind("output.json", options->json);
  command.when_chosen([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_warehouse_flags(command, options->warehouse));
      return run(*options, runtime);
    };
  });
}

}  // namespace sdp::cli
