#include "cli/transform_settings.h"

#include <cstdlib>
#include <filesystem>

#include "cli/snowflake_settings.h"
#include "local/deps.h"

namespace sdp::cli {
namespace {

namespace fs = std::filesystem;

fs::path project_beside(const fs::path& deps) {
  return fs::absolute(deps).lexically_normal().parent_path() / "spotify_dbt";
}

}  // namespace

void add_transform_options(CLI::App& command, TransformSettings& settings) {
  command
      .add_option("--deps", settings.deps,
                  "Folder that tools/setup fills (default: .deps here or in the checkout)")
      ->envname("SDP_DEPS_DIR");
  command
      .add_option("--dbt-project", settings.project, "The dbt project (default: spotify_dbt beside the deps)")
      ->envname("SPOTIFY_DBT_PROJECT");
  command.add_flag("--unit-tests", settings.unit_tests,
                   "dbt's unit tests too, which look at the SQL and not at the data");
  command.add_flag("-v,--verbose", settings.verbose, "dbt's output while it runs");
}

Result<transform::TransformOptions> transform_options(const TransformSettings& settings,
                                                      const WarehouseSettings& warehouse) {
  SDP_TRY(const fs::path deps, local::find_deps(settings.deps));
  transform::TransformOptions options;
  options.dbt_path = deps / "venv-dbt" / "bin" / "dbt";
  options.project_dir = settings.project.empty() ? project_beside(deps) : fs::path(settings.project);
  if (warehouse.is_snowflake()) {
    // Asked for here too, so that what is missing is told in our words, not in dbt's.
    SDP_RETURN_IF_ERROR(snowflake_options());
    options.environment = snowflake_environment();
  } else {
    options.warehouse_path = fs::absolute(warehouse.place);
  }
  options.threads = warehouse.threads;
  options.memory_limit = warehouse.memory_limit;
  options.work_dir = fs::absolute(settings.work_dir);
  options.unit_tests = settings.unit_tests;
  options.verbose = settings.verbose;
  return options;
}

fs::path recounts_folder(const std::string& project) {
  if (!project.empty()) return fs::path(project) / "recounts";
  const char* named = std::getenv("SDP_DEPS_DIR");
  const auto deps = local::find_deps(named ? named : "");
  if (!deps) return {};
  const fs::path folder = project_beside(*deps) / "recounts";
  return fs::is_directory(folder) ? folder : fs::path();
}

}  // namespace sdp::cli
