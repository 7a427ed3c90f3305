#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "settings/command.h"

namespace sdp::cli {

/// How the commands log (docs/formats/log-events.md).
struct LoggingSettings {
  std::string format = "text";
  std::string level;   ///< empty: as the command has it, which is `info` for most
  bool quiet = false;  ///< without a level: warnings and totals only
};

/// What SPOTIFY_LOG_FORMAT and SPOTIFY_LOG_LEVEL say, for what is logged before the options are known.
LoggingSettings logging_from_environment();
/// --log-format, --log-level and --quiet.
void bind_logging(settings::Command& command, LoggingSettings& logging);
/// Logs from here on as the settings say. `misconfigured` names the setting that is wrong.
Result<void> start_logging(const LoggingSettings& settings, std::string_view command);
/// What a command shows by itself, as in `info,sink=warning`: only when nobody set a level.
void log_by_default(std::string_view levels);

}  // namespace sdp::cli
