#include "cli/logging.h"

#include <unistd.h>

#include <cstdlib>

#include "cli/out_reader.h"
#include "diag/log.h"

namespace sdp::cli {
namespace {

constexpr std::string_view kLevelsOfMost = "info";
/// Of a quiet command: warnings, and what it did in all.
constexpr std::string_view kQuietLevels =
    "warning,sink.finished=info,load.finished=info,simulate.finished=info";

/// What is in force, so that a command can still choose its levels.
struct InForce {
  LoggingSettings settings;
  std::string command;
};

InForce& in_force() {
  static InForce instance;
  return instance;
}

Result<void> configure(std::string_view levels) {
  SDP_TRY(const diag::Format format, diag::parse_format(in_force().settings.format));
  SDP_TRY(const diag::EnabledEvents enabled, diag::parse_levels(levels));
  diag::configure({.format = format,
                   .enabled = enabled,
                   .command = in_force().command,
                   .draws = is_drawable(STDERR_FILENO)});
  return {};
}

}  // namespace

LoggingSettings logging_from_environment() {
  LoggingSettings settings;
  if (const char* format = std::getenv("SPOTIFY_LOG_FORMAT")) settings.format = format;
  if (const char* level = std::getenv("SPOTIFY_LOG_LEVEL")) settings.level = level;
  return settings;
}

void bind_logging(settings::Command& command, LoggingSettings& logging) {
  command.bind("output.log-format", logging.format);
  command.bind("output.log-level", logging.level);
  command.bind("output.quiet", logging.quiet);
}

Result<void> start_logging(const LoggingSettings& settings, std::string_view command) {
  in_force() = {settings, std::string(command)};
  if (!settings.level.empty()) return configure(settings.level);
  return configure(settings.quiet ? kQuietLevels : kLevelsOfMost);
}

void log_by_default(std::string_view levels) {
  const LoggingSettings& settings = in_force().settings;
  if (settings.level.empty() && !settings.quiet) static_cast<void>(configure(levels).has_value());
}

}  // namespace sdp::cli
