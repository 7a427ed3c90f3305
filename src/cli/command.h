#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "cli/metrics_file.h"
#include "cli/result_object.h"
#include "settings/command.h"

namespace sdp::cli {

/// What every command is given when it runs.
struct Runtime {
  std::stop_token stop;  ///< set by the first SIGINT or SIGTERM
  Clock& clock;
  const settings::EnvFile& env_file;  ///< what the environment has from it
  WorkDone& work;                     ///< to be filled in for --metrics-file
  ResultObject& result;               ///< to be filled in by commands that it has members of
  bool quiet = false;                 ///< print results only
};

/// Set by the subcommand that was chosen; its value is the exit code.
using Action = std::function<Result<int>(const Runtime&)>;

/// Each adds its command, with the settings that it takes, and sets `action` when it is chosen.
void define_run(settings::Commands& commands, Action& action);
void define_simulate(settings::Commands& commands, Action& action);
void define_import(settings::Commands& commands, Action& action);
void define_forget(settings::Commands& commands, Action& action);
void define_init(settings::Commands& commands, Action& action);
void define_sink(settings::Commands& commands, Action& action);
void define_extract(settings::Commands& commands, Action& action);
void define_load(settings::Commands& commands, Action& action);
void define_transform(settings::Commands& commands, Action& action);
void define_pipeline(settings::Commands& commands, Action& action);
void define_freshness(settings::Commands& commands, Action& action);
void define_publish(settings::Commands& commands, Action& action);
void define_verify(settings::Commands& commands, Action& action);
void define_rejected(settings::Commands& commands, Action& action);
void define_lake(settings::Commands& commands, Action& action);
/// `lake repair` and `lake repairs`, below `lake`.
void define_lake_repair(settings::Commands& commands, CLI::App& lake, Action& action);
void define_map(settings::Commands& commands, Action& action);
void define_status(settings::Commands& commands, Action& action);
void define_top(settings::Commands& commands, Action& action);
void define_warehouse(settings::Commands& commands, Action& action);
void define_doctor(settings::Commands& commands, Action& action);
/// Below `doctor`, which is `parent`.
void define_doctor_stack(settings::Commands& commands, settings::Command& parent, Action& action);
void define_sql(settings::Commands& commands, Action& action);
void define_marts(settings::Commands& commands, Action& action);
void define_serve(settings::Commands& commands, Action& action);
void define_schema(settings::Commands& commands, Action& action);
void define_config(settings::Commands& commands, Action& action);
void define_completion(settings::Commands& commands, Action& action);
void define_man(settings::Commands& commands, Action& action);
void define_version(settings::Commands& commands, Action& action);

/// Every command of spotify-pipeline, in the order of --help.
void define_all(settings::Commands& commands, Action& action);
/// The commands of spotify-services: up, down, status.
void define_services(settings::Commands& commands, Action& action);

/// The exit code of commands that look at health and found something wrong.
inline constexpr int kUnhealthy = 10;
/// The exit code of a command line that is not understood.
inline constexpr int kUsage = 2;

inline constexpr std::string_view kVersion = "0.1.0";
inline constexpr std::string_view kWriter = "spotify-pipeline/0.1.0";

}  // namespace sdp::cli
