#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sdp::cli {

/// How the commands log (docs/formats/log-events.md).
struct LoggingSettings {
  std::string format = "text";
  std::string level;  ///< empty: as the command has it, which is `info` for most
};

/// What SPOTIFY_LOG_FORMAT and SPOTIFY_LOG_LEVEL say, for what is logged before the options are known.
LoggingSettings logging_from_environment();
/// --log-format and --log-level, for every command.
void add_logging_options(CLI::App& app, LoggingSettings& settings);
/// Logs from here on as the settings say. `misconfigured` names the setting that is wrong.
Result<void> start_logging(const LoggingSettings& settings, std::string_view command);
/// What a command shows by itself, as in `info,sink=warning`: only when nobody set a level.
void log_by_default(std::string_view levels);

}  // namespace sdp::cli
