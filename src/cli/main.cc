#include <fmt/core.h>

#include <csignal>
#include <stop_token>
#include <thread>

#include "cli/command.h"
#include "cli/env_file.h"
#include "cli/logging.h"
#include "cli/signals.h"
#include "diag/log.h"

namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  spotify-pipeline run                                  the whole chain, embedded, 1,000,000 events\n"
    "  spotify-pipeline run --events 10000 --data /tmp/demo  a small one elsewhere\n"
    "  spotify-pipeline services up                          a real Kafka and a real S3 server on loopback\n"
    "  spotify-pipeline run --profile services               the same chain on them\n"
    "  spotify-pipeline simulate --rate 2                    two events a second, printed\n"
    "  spotify-pipeline sink --batch-records 10              small objects, as in the original document\n"
    "\n"
    "Exit codes: 0 ok, 1 failure, 2 usage, 10 unhealthy, 20 verification found a violation, 65 bad data or "
    "offset gap,\n"
    "69 unavailable after retries, 73 cannot write, 75 temporary, 77 not authorised, 78 settings, 130 "
    "interrupted.";

constexpr int kUsage = 2;

int report(const sdp::Error& error) {
  const int code = sdp::base::exit_code(error.kind);
  sdp::diag::log_failure(name(error.kind), code, error.message);
  return code;
}

/// Help goes to standard output; wrong usage is told like every other failure where programs read along.
int report_usage(const CLI::App& app, const CLI::ParseError& error, std::string_view format) {
  if (error.get_exit_code() == 0 || format != "json") return app.exit(error) == 0 ? 0 : kUsage;
  sdp::diag::log_failure("usage", kUsage, error.what());
  return kUsage;
}

/// The words of the command line that name the command: `services up`.
std::string command_of(const CLI::App& app) {
  std::string words;
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    words += (words.empty() ? "" : " ") + at->get_name();
  }
  return words;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace sdp;
  if (const auto logs = cli::start_logging(cli::logging_from_environment(), ""); !logs) {
    static_cast<void>(cli::start_logging({}, ""));
    return report(logs.error());
  }
  // Before the options are defined, since they take their defaults from the environment.
  if (const auto loaded = cli::load_env_file(); !loaded) return report(loaded.error());
  CLI::App app("Streaming listening events from a simulator over a log and a lake to marts, with a proof.",
               "spotify-pipeline");
  app.footer(kExamples);
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", std::string(cli::kVersion));
  cli::Action action;
  for (const auto define : {cli::define_run, cli::define_init, cli::define_simulate, cli::define_sink,
                            cli::define_extract, cli::define_load, cli::define_transform, cli::define_verify,
                            cli::define_services, cli::define_warehouse, cli::define_status,
                            cli::define_doctor, cli::define_schema, cli::define_version}) {
    define(app, action);
  }
  cli::LoggingSettings logging = cli::logging_from_environment();
  cli::add_logging_options(app, logging);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return report_usage(app, error, logging.format);
  }
  if (!action) {
    fmt::print("{}", app.help());
    return kUsage;
  }
  if (const auto logs = cli::start_logging(logging, command_of(app)); !logs) return report(logs.error());

  cli::SignalStop signals;
  const auto code = action({signals.token(), base::system_clock()});
  if (!code) return report(code.error());
  diag::flush_repeats();
  return *code;
}
