#include "cli/program.h"

#include <fmt/core.h>

#include "cli/logging.h"
#include "cli/signals.h"
#include "diag/log.h"
#include "settings/command.h"
#include "settings/env_file.h"

namespace sdp::cli {
namespace {

int report(const Error& error) {
  const int code = base::exit_code(error.kind);
  diag::log_failure(name(error.kind), code, error.message);
  return code;
}

/// Help goes to standard output; wrong usage is told like every other failure where programs read along.
int report_usage(const CLI::App& app, const CLI::ParseError& error, std::string_view format) {
  if (error.get_exit_code() == 0 || format != "json") return app.exit(error) == 0 ? 0 : kUsage;
  diag::log_failure("usage", kUsage, error.what());
  return kUsage;
}

/// The same for a variable of the environment that has a flag, too; any other setting is misconfigured.
int report_setting(const Error& error) {
  if (error.kind != ErrorKind::bad_input) return report(error);
  diag::log_failure("usage", kUsage, error.message);
  return kUsage;
}

}  // namespace

int run_program(const Program& program, int argc, char** argv) {
  // For what is logged before the settings are known.
  const LoggingSettings early = logging_from_environment();
  if (const auto logs = start_logging(early, ""); !logs) {
    static_cast<void>(start_logging({}, ""));
    return report(logs.error());
  }
  // Into the environment, so that dbt has them, too.
  const auto env_file = settings::load_env_file();
  if (!env_file) return report(env_file.error());
  CLI::App parser(program.description, program.name);
  settings::Commands commands(parser);
  parser.require_subcommand(0, 1);
  parser.set_version_flag("--version", std::string(kVersion));
  Action action;
  LoggingSettings logging;
  commands.for_each_new([&logging](settings::Command& command) { bind_logging(command, logging); });
  program.define(commands, action);
  parser.footer(program.footer);
  try {
    parser.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return report_usage(parser, error, logging.format == "json" ? logging.format : early.format);
  }
  if (!action) {
    fmt::print("{}", parser.help());
    return kUsage;
  }
  if (const auto resolved = commands.resolve(*env_file); !resolved) return report_setting(resolved.error());
  if (const auto logs = start_logging(logging, commands.chosen()->path()); !logs) return report(logs.error());

  SignalStop signals;
  const auto code = action({signals.token(), base::system_clock(), *env_file, logging.quiet});
  if (!code) return report(code.error());
  diag::flush_repeats();
  return *code;
}

}  // namespace sdp::cli
