#include "transform/dbt_paths.h"

#include <fmt/format.h>

namespace sdp::transform {

namespace fs = std::filesystem;

fs::path target_path(const TransformOptions& options) {
  return options.work_dir / "target";
}

fs::path results_path(const TransformOptions& options) {
  return target_path(options) / "run_results.json";
}

std::map<std::string, std::string> dbt_environment(const TransformOptions& options) {
  std::map<std::string, std::string> result{
      {"SDP_TRANSFORM_THREADS", fmt::format("{}", options.threads)},
      {"SDP_TRANSFORM_MEMORY", options.memory_limit},
      {"DBT_PROJECT_DIR", fs::absolute(options.project_dir).string()},
      {"DBT_PROFILES_DIR", fs::absolute(options.project_dir).string()},
      {"DBT_TARGET_PATH", fs::absolute(target_path(options)).string()},
      {"DBT_LOG_PATH", fs::absolute(options.work_dir / "logs").string()},
      {"DBT_SEND_ANONYMOUS_USAGE_STATS", "false"},
      {"DBT_VERSION_CHECK", "false"},
      {"DBT_USE_COLORS", "false"}};
  if (!options.warehouse_path.empty()) {
    result["SDP_WAREHOUSE_PATH"] = fs::absolute(options.warehouse_path).string();
  }
  for (const auto& [name, value] : options.environment) result[name] = value;
  return result;
}

}  // namespace sdp::transform
