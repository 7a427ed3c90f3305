#include "transform/transform.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/duration_text.h"
#include "diag/log.h"
#include "os/child.h"
#include "os/files.h"
#include "transform/dbt_child.h"
#include "transform/dbt_progress.h"
#include "transform/kept_parse.h"
#include "transform/work_dir.h"

namespace sdp::transform {
namespace {

namespace fs = std::filesystem;

/// Exit code of dbt: a model or test failed.
constexpr int kDbtFailed = 1;
constexpr std::size_t kFailuresNamedMax = 5;
constexpr std::string_view kResultsFile = "run_results.json";
constexpr std::size_t kResultsBytesMax = std::size_t{64} << 20;
/// Where else dbt's parsed project may be; not when it is empty.
constexpr const char* kParsedElsewhere = "DBT_PARTIAL_PARSE_FILE_PATH";
/// Where a worker keeps what it compiled; nowhere when it is empty.
constexpr const char* kCompiledPath = "SDP_DBT_COMPILED";

bool is_parsed_elsewhere() {
  const char* const elsewhere = std::getenv(kParsedElsewhere);
  return elsewhere != nullptr && *elsewhere != '\0';
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

std::vector<std::string> arguments_of(const TransformOptions& options) {
  std::vector<std::string> arguments{"build"};
  if (!options.unit_tests) {
    arguments.insert(arguments.end(), {"--exclude-resource-type", "unit_test"});
  }
  std::ranges::copy(options.extra_arguments, std::back_inserter(arguments));
  return arguments;
}

std::optional<TransformSummary> read_results(const TransformOptions& options) {
  const auto text = os::read_file(results_path(options), kResultsBytesMax).value_or(std::nullopt);
  if (!text) return std::nullopt;
  auto summary = parse_run_results(*text);
  if (!summary) return std::nullopt;
  return *std::move(summary);
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

Error with_remedy(Error error) {
  if (error.kind == ErrorKind::unavailable)
    error.message += ". --dbt-timeout SECONDS lets a build take longer";
  // Which program it was that dbt runs in is nothing to whoever stopped it.
  if (error.kind == ErrorKind::interrupted)
    error.message =
        "stopped while dbt built the marts; what was loaded is kept, and the next build goes on with it";
  return error;
}

}  // namespace

std::filesystem::path log_path(const TransformOptions& options) {
  return work_file(options.work_dir, WorkFile::build_log);
}

Result<TransformSummary> run(const TransformOptions& options, std::stop_token stop) {
  SDP_RETURN_IF_ERROR(check_dbt(options));
  SDP_RETURN_IF_ERROR(prepare(options));
  if (!is_parsed_elsewhere()) take_parsed(options);
  const auto start = base::system_clock().steady_now();
  os::ChildEnd end;
  os::Command command = dbt_command(options, arguments_of(options), log_path(options));
  if (!options.dbt_client.empty() && !is_parsed_elsewhere())
    command.environment[kCompiledPath] = kept_code(options).string();
  {
    DbtProgress progress;
    command.on_line = [&, say = std::move(command.on_line)](std::string_view line) {
      progress.read(line);
      if (say) say(line);
    };
    auto ended = os::run_child(command, {.total = options.time_limit}, std::move(stop));
    if (!ended) return std::unexpected(with_remedy(std::move(ended).error()));
    end = *std::move(ended);
  }
  auto summary = read_results(options);
  if (!summary || end.code > kDbtFailed) {
    return std::unexpected(dbt_ended_badly(options, end, log_path(options)));
  }
  summary->seconds = base::in_seconds(base::system_clock().steady_now() - start);
  if (end.code == kDbtFailed || summary->failed > 0) return std::unexpected(failed(options, *summary));
  if (!is_parsed_elsewhere()) keep_parsed(options);
  return *std::move(summary);
}

void parse(const TransformOptions& options, std::stop_token stop) {
  if (is_parsed_elsewhere()) return;
  std::error_code unknown;
  fs::create_directories(target_path(options), unknown);
  // Somebody who builds there reads it as well.
  const auto held = hold_work_dir(options.work_dir, {});
  if (!held) return;
  take_parsed(options);
  if (fs::exists(target_path(options) / kParsedFile, unknown)) return;
  os::Command command = dbt_command(options, {"parse"}, work_file(options.work_dir, WorkFile::parse_log));
  command.folder = fs::absolute(options.work_dir);  // There may be no folder of the warehouse yet.
  (void)os::run_child(command, {.total = options.time_limit}, std::move(stop));
}

fs::path target_path(const TransformOptions& options) {
  return work_file(options.work_dir, WorkFile::target);
}

fs::path results_path(const TransformOptions& options) {
  return target_path(options) / kResultsFile;
}

Result<std::optional<BuildResults>> read_build_results(const fs::path& target) {
  const fs::path path = target / kResultsFile;
  std::error_code missing;
  const auto size = fs::file_size(path, missing);
  if (missing || size > kResultsBytesMax) return std::nullopt;
  SDP_TRY(const auto text, os::read_file(path));
  if (!text) return std::nullopt;
  auto results = parse_node_results(*text);
  if (!results) return std::unexpected(results.error().in(path.string()));
  return std::optional(*std::move(results));
}

namespace {

/// What of dbt's variables a person may want to say of this project, too.
constexpr std::array<std::string_view, 5> kHeardByDbt{"DBT_DEBUG", "DBT_LOG_LEVEL", "DBT_LOG_LEVEL_FILE",
                                                      kParsedElsewhere, "DBT_PRINTER_WIDTH"};
constexpr std::array<std::string_view, 3> kOfOtherPythons{"PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP"};

/// What is exported for another project: DBT_EMPTY=true, say, would build marts without a row, and succeed.
/// Empty is as good as not set, to dbt and to Python.
bool is_of_others(std::string_view name) {
  const auto has = [name](const auto& names) { return std::ranges::find(names, name) != names.end(); };
  return has(kOfOtherPythons) ||
         (name.starts_with("DBT_") && !name.starts_with("DBT_ENV_") && !has(kHeardByDbt));
}

}  // namespace

std::map<std::string, std::string> dbt_environment(const TransformOptions& options) {
  std::map<std::string, std::string> result;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    if (is_of_others(name)) result[std::string(name)] = "";
  }
  const std::map<std::string, std::string> ours{
      {"SDP_TRANSFORM_THREADS", fmt::format("{}", options.threads)},
      {"SDP_TRANSFORM_MEMORY", options.memory_limit},
      // Also where there is none: what a shell exports is of another run.
      {kCompiledPath, ""},
      {"SDP_MAPPING_SQL", options.mapping_sql},
      {"SDP_MAPPING_DIGEST", options.mapping_digest},
      {"DBT_PROJECT_DIR", fs::absolute(options.project_dir).string()},
      {"DBT_PROFILES_DIR", fs::absolute(options.project_dir).string()},
      {"DBT_TARGET_PATH", fs::absolute(target_path(options)).string()},
      {"DBT_LOG_PATH", fs::absolute(work_file(options.work_dir, WorkFile::dbt_logs)).string()},
      {"DBT_SEND_ANONYMOUS_USAGE_STATS", "false"},
      {"DBT_VERSION_CHECK", "false"},
      {"DBT_USE_COLORS", "false"}};
  for (const auto& [name, value] : ours) result[name] = value;
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
