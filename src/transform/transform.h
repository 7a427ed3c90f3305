#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "transform/run_results.h"

namespace sdp::transform {

/// How long a build may take unless somebody says otherwise.
inline constexpr std::chrono::hours kBuildTimeMax{6};

/// Where dbt and its project are, and what they may use.
struct TransformOptions {
  std::filesystem::path dbt_path;     ///< `.deps/venv-dbt/bin/dbt`
  std::filesystem::path project_dir;  ///< `spotify_dbt`; only read
  /// A DuckDB file that nobody else has open, named spotify_db.duckdb; empty when another warehouse is set by
  /// `environment`.
  std::filesystem::path warehouse_path;
  std::filesystem::path work_dir;  ///< dbt's target, logs and our log go here; created when missing.
  /// What dbt made of the project is kept here for other work folders; where it is empty, nothing is.
  std::filesystem::path cache_dir{};
  int threads = 2;
  /// Of DuckDB alone; dbt itself takes some 150 MB more.
  std::string memory_limit = "384MB";
  /// What else profiles.yml reads: which warehouse, and how to reach it. Secrets take this way and no other.
  std::map<std::string, std::string> environment{};
  /// What foreign payloads become before they are judged: SQL, and the digest of what it was compiled from.
  /// Empty where events come as they are.
  std::string mapping_sql{};
  std::string mapping_digest{};
  /// Program and first arguments that are called in place of dbt_path, and do what it does (DbtWorker).
  std::vector<std::string> dbt_client{};
  /// Unit tests look at the SQL, not at the data: only tests and CI want them in each run.
  bool unit_tests = false;
  /// Whether dbt's output is logged while it runs.
  bool verbose = false;
  std::chrono::milliseconds time_limit = kBuildTimeMax;
  /// Appended to the command line, such as {"--full-refresh"}.
  std::vector<std::string> extra_arguments{};
};

/// Where run() puts dbt's output.
std::filesystem::path log_path(const TransformOptions& options);

/// Runs `dbt build` as a child process, in the warehouse's folder when that is a file, and waits. The models
/// are as dbt left them also when this is an error: `violation` when a data test failed (it names the tests),
/// `misconfigured` when dbt or the project is missing or does not compile, `fenced` when another process has
/// the warehouse open, `unavailable` when the time is used up, `interrupted` on a stop request, `fatal` when
/// a model failed.
Result<TransformSummary> run(const TransformOptions& options, std::stop_token stop = {});

/// Has dbt read the project, so that a run() after it need not; nothing where that was done before, also for
/// another work folder. Whether it could is not told: run() would find the same, and tells it.
void parse(const TransformOptions& options, std::stop_token stop);

/// Below the work folder: where dbt leaves what it made of the project.
std::filesystem::path target_path(const TransformOptions& options);
/// How each model and test ended, of the last run alone.
std::filesystem::path results_path(const TransformOptions& options);
/// Those of the last build that left its results in dbt's target folder; nothing when none did.
Result<std::optional<BuildResults>> read_build_results(const std::filesystem::path& target);
/// What dbt and the project's profiles read; every path in it is absolute. run() replaces the warehouse's by
/// its bare name, see there.
std::map<std::string, std::string> dbt_environment(const TransformOptions& options);
/// Logs what dbt prints.
void log_line(std::string_view line);

}  // namespace sdp::transform
