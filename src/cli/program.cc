#include "cli/program.h"

#include <fmt/core.h>

#include "cli/env_file.h"
#include "cli/logging.h"
#include "cli/signals.h"
#include "diag/log.h"

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

/// The words of the command line that name the command: `warehouse init`.
std::string command_of(const CLI::App& app) {
  std::string words;
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    words += (words.empty() ? "" : " ") + at->get_name();
  }
  return words;
}

}  // namespace

int run_program(const Program& program, int argc, char** argv) {
  if (const auto logs = start_logging(logging_from_environment(), ""); !logs) {
    static_cast<void>(start_logging({}, ""));
    return report(logs.error());
  }
  // Before the options are defined, since they take their defaults from the environment.
  if (const auto loaded = load_env_file(); !loaded) return report(loaded.error());
  CLI::App app(program.description, program.name);
  app.footer(program.footer);
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", std::string(kVersion));
  Action action;
  program.define(app, action);
  LoggingSettings logging = logging_from_environment();
  add_logging_options(app, logging);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return report_usage(app, error, logging.format);
  }
  if (!action) {
    fmt::print("{}", app.help());
    return kUsage;
  }
  if (const auto logs = start_logging(logging, command_of(app)); !logs) return report(logs.error());

  SignalStop signals;
  const auto code = action({signals.token(), base::system_clock()});
  if (!code) return report(code.error());
  diag::flush_repeats();
  return *code;
}

}  // namespace sdp::cli
