#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace sdp::cli {

/// What every command is given when it runs.
struct Runtime {
  std::stop_token stop;  ///< set by the first SIGINT or SIGTERM
  Clock& clock;
};

/// Set by the subcommand that was chosen; its value is the exit code.
using Action = std::function<Result<int>(const Runtime&)>;

/// Each adds its subcommand, with options, to `app`, and sets `action` when it is chosen.
void define_run(CLI::App& app, Action& action);
void define_simulate(CLI::App& app, Action& action);
void define_init(CLI::App& app, Action& action);
void define_sink(CLI::App& app, Action& action);
void define_extract(CLI::App& app, Action& action);
void define_load(CLI::App& app, Action& action);
void define_transform(CLI::App& app, Action& action);
void define_verify(CLI::App& app, Action& action);
void define_status(CLI::App& app, Action& action);
void define_warehouse(CLI::App& app, Action& action);
void define_doctor(CLI::App& app, Action& action);
void define_schema(CLI::App& app, Action& action);
void define_version(CLI::App& app, Action& action);

/// The subcommands of spotify-services: up, down, status.
void define_services(CLI::App& app, Action& action);

/// The exit code of commands that look at health and found something wrong.
inline constexpr int kUnhealthy = 10;

inline constexpr std::string_view kVersion = "0.1.0";
inline constexpr std::string_view kWriter = "spotify-pipeline/0.1.0";

}  // namespace sdp::cli
