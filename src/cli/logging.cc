#include "cli/logging.h"

#include <cstdlib>

#include "diag/log.h"

namespace sdp::cli {
namespace {

constexpr std::string_view kLevelsOfMost = "info";

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
  diag::configure({.format = format, .enabled = enabled, .command = in_force().command});
  return {};
}

}  // namespace

LoggingSettings logging_from_environment() {
  LoggingSettings settings;
  if (const char* format = std::getenv("SPOTIFY_LOG_FORMAT")) settings.format = format;
  if (const char* level = std::getenv("SPOTIFY_LOG_LEVEL")) settings.level = level;
  return settings;
}

void add_logging_options(CLI::App& app, LoggingSettings& settings) {
  app.add_option("--log-format", settings.format, "Log lines on standard error: text or json")
      ->envname("SPOTIFY_LOG_FORMAT")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.add_option("--log-level", settings.level,
                 "debug, info, warning, error or off; also for events by the beginning of their names, as in "
                 "'info,sink=warning'")
      ->envname("SPOTIFY_LOG_LEVEL");
  // So that they may stand behind the command's name, too.
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    command->fallthrough();
    for (CLI::App* part : command->get_subcommands([](const CLI::App*) { return true; })) part->fallthrough();
  }
}

Result<void> start_logging(const LoggingSettings& settings, std::string_view command) {
  in_force() = {settings, std::string(command)};
  return configure(settings.level.empty() ? kLevelsOfMost : std::string_view(settings.level));
}

void log_by_default(std::string_view levels) {
  if (in_force().settings.level.empty()) static_cast<void>(configure(levels).has_value());
}

}  // namespace sdp::cli
