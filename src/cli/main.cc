#include <fmt/core.h>

#include <csignal>
#include <stop_token>
#include <thread>

#include "cli/command.h"
#include "cli/env_file.h"
#include "cli/signals.h"

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

}  // namespace

int main(int argc, char** argv) {
  using namespace sdp;
  // Before the options are defined, since they take their defaults from the environment.
  if (const auto loaded = cli::load_env_file(); !loaded) {
    fmt::print(stderr, "error: {}\n", loaded.error().message);
    return base::exit_code(loaded.error().kind);
  }
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
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  if (!action) {
    fmt::print("{}", app.help());
    return kUsage;
  }

  cli::SignalStop signals;
  const auto code = action({signals.token(), base::system_clock()});
  if (code) return *code;
  fmt::print(stderr, "error: {}\n", code.error().message);
  return base::exit_code(code.error().kind);
}
