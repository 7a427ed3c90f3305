#include <fmt/core.h>
#include <fmt/ranges.h>

#include <span>
#include <string_view>

#include "cli/logging.h"
#include "cli/program.h"
#include "diag/log.h"

namespace {

using namespace sdp;

constexpr const char* kExamples =
    "Examples:\n"
    "  spotify-pipeline run                                  the whole chain, embedded, 1,000,000 events\n"
    "  spotify-services up                                   a real Kafka and a real S3 server on loopback\n"
    "  spotify-pipeline run --profile services               the same chain on them\n"
    "  spotify-pipeline config show sink                     a command's settings and their origins\n"
    "\n"
    "Exit codes: 0 ok, 1 failure, 2 usage, 10 unhealthy, 20 verification found a violation, 21 done in "
    "part,\n"
    "22 too few records are events, 65 bad data or offset gap, 69 unavailable after retries, 73 cannot "
    "write, 75 temporary, 77 not authorised, 78 settings, 130 "
    "interrupted.";

int run(int argc, char** argv) {
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  if (arguments.size() > 1 && std::string_view(arguments[1]) == "services") {
    static_cast<void>(cli::start_logging(cli::logging_from_environment(), ""));
    diag::log_failure(
        "usage", cli::kUsage,
        fmt::format(
            "the local servers have a program of their own; run: spotify-services {}",
            arguments.size() > 2 ? fmt::format("{}", fmt::join(arguments.subspan(2), " ")) : "--help"));
    return cli::kUsage;
  }
  return cli::run_program(
      {.name = "spotify-pipeline",
       .description =
           "Streaming listening events from a simulator over a log and a lake to marts, with a proof.",
       .footer = kExamples,
       .define = cli::define_all},
      argc, argv);
}

}  // namespace

int main(int argc, char** argv) {
  return cli::run_main([argc, argv] { return run(argc, argv); });
}
