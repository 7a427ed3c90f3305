#include "transform/transform.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/clock.h"
#include "diag/log.h"
#include "os/child.h"

namespace sdp::transform {
namespace {

namespace fs = std::filesystem;

/// Exit codes of dbt: 0 all well, 1 a model or test failed, 2 it could not begin.
constexpr int kDbtFailed = 1;
constexpr int kDbtCouldNotBegin = 2;
constexpr std::size_t kFailuresNamedMax = 5;
constexpr std::size_t kResultsBytesMax = std::size_t{64} << 20;

Result<void> check(const TransformOptions& options) {
  if (::access(options.dbt_path.c_str(), X_OK) != 0) {
    return fail(ErrorKind::misconfigured,
                fmt::format("no dbt at {}: run `tools/setup build`", options.dbt_path.string()));
  }
  if (!fs::exists(options.project_dir / "dbt_project.yml")) {
    return fail(ErrorKind::misconfigured,
                fmt::format("no dbt_project.yml in {}", options.project_dir.string()));
  }
  if (options.warehouse_path.empty()) return {};
  const auto folder = fs::absolute(options.warehouse_path).parent_path();
  if (!fs::is_directory(folder)) {
    return fail(ErrorKind::misconfigured,
                fmt::format("no folder for the warehouse {}: load first, or name another",
                            options.warehouse_path.string()));
  }
  return {};
}

/// A result of an earlier run must not be taken for this one's.
Result<void> prepare(const TransformOptions& options) {
  std::error_code error;
  fs::create_directories(target_path(options), error);
  if (!error) fs::remove(results_path(options), error);
  if (!error) return {};
  return fail(ErrorKind::cannot_write,
              fmt::format("cannot prepare {} for dbt: {}", options.work_dir.string(), error.message()));
}

os::Command command_of(const TransformOptions& options) {
  os::Command command{.arguments = {fs::absolute(options.dbt_path).string(), "build"},
                      .environment = dbt_environment(options),
                      .folder = fs::absolute(options.work_dir),
                      .log = log_path(options),
                      .on_line = options.verbose ? log_line : nullptr};
  if (!options.warehouse_path.empty()) {
    // dbt parses the whole project again when the text of this path differs from the last time. By its bare
    // name, in its own folder, the text is the same for a warehouse that was moved, and for every other one.
    const auto warehouse = fs::absolute(options.warehouse_path);
    command.folder = warehouse.parent_path();
    command.environment["SDP_WAREHOUSE_PATH"] = warehouse.filename().string();
  }
  if (!options.unit_tests) {
    command.arguments.insert(command.arguments.end(), {"--exclude-resource-type", "unit_test"});
  }
  std::ranges::copy(options.extra_arguments, std::back_inserter(command.arguments));
  return command;
}

std::optional<TransformSummary> read_results(const TransformOptions& options) {
  std::error_code error;
  const auto size = fs::file_size(results_path(options), error);
  if (error || size > kResultsBytesMax) return std::nullopt;
  std::ifstream file(results_path(options), std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto summary = parse_run_results(text);
  if (!summary) return std::nullopt;
  return *std::move(summary);
}

/// The last lines of the output, which is where dbt says what was wrong.
std::string last_lines(std::string_view tail) {
  constexpr std::size_t kShownMax = 600;
  if (tail.size() > kShownMax) {
    tail.remove_prefix(tail.size() - kShownMax);
    tail.remove_prefix(std::min(tail.size(), tail.find('\n') + 1));
  }
  std::string text(tail);
  std::ranges::replace(text, '\n', ' ');
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

Error failed(const TransformOptions& options, const TransformSummary& summary) {
  std::string message = fmt::format("dbt build: {}", to_string(summary));
  std::size_t named = 0;
  bool only_tests = true;
  for (const Failure& failure : summary.failures) {
    if (failure.is_warning) continue;
    // A test that could not be run is not a finding about the data: dbt gives rows only to tests that ran.
    only_tests = only_tests && failure.is_test && failure.rows.value_or(0) > 0;
    if (named++ < kFailuresNamedMax) message += fmt::format("; {}", to_string(failure));
  }
  if (named > kFailuresNamedMax) message += fmt::format("; and {} more", named - kFailuresNamedMax);
  message += fmt::format("; see {}", log_path(options).string());
  return {only_tests && named > 0 ? ErrorKind::violation : ErrorKind::fatal, std::move(message)};
}

Error ended_badly(const TransformOptions& options, const os::ChildEnd& end) {
  const auto where = fmt::format("{}; see {}", last_lines(end.tail), log_path(options).string());
  if (end.tail.find("Could not set lock on file") != std::string::npos) {
    return {ErrorKind::fenced,
            fmt::format("another process has the warehouse {} open: close it, then run transform again ({})",
                        options.warehouse_path.string(), where)};
  }
  if (end.code == kDbtCouldNotBegin) {
    return {ErrorKind::misconfigured, fmt::format("dbt could not begin (exit code 2): {}", where)};
  }
  return {ErrorKind::fatal, fmt::format("dbt ended with {} and left no results: {}", end.code, where)};
}

}  // namespace

std::filesystem::path log_path(const TransformOptions& options) {
  return options.work_dir / "transform.log";
}

Result<TransformSummary> run(const TransformOptions& options, std::stop_token stop) {
  SDP_RETURN_IF_ERROR(check(options));
  SDP_RETURN_IF_ERROR(prepare(options));
  const auto start = base::system_clock().steady_now();
  SDP_TRY(const os::ChildEnd end,
          os::run_child(command_of(options), {.total = options.time_limit}, std::move(stop)));
  auto summary = read_results(options);
  if (!summary || end.code > kDbtFailed) return std::unexpected(ended_badly(options, end));
  summary->seconds = std::chrono::duration<double>(base::system_clock().steady_now() - start).count();
  if (end.code == kDbtFailed || summary->failed > 0) return std::unexpected(failed(options, *summary));
  return *std::move(summary);
}

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

void log_line(std::string_view line) {
  diag::log_event("transform.output", {{"line", line}});
}

}  // namespace sdp::transform
