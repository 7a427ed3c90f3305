#include <fmt/core.h>

#include <memory>

#include "cli/command.h"
#include "cli/logging.h"
#include "cli/settings.h"
#include "cli/sink_output.h"
#include "cli/wiring.h"

namespace sdp::cli {
namespace {

struct Options {
  LogSettings log;
  LakeSettings lake;
  ServicesSettings services;
  sink::SinkOptions sink;
  bool until_caught_up = false;
  bool quiet = false;
};

/// A quiet sink logs warnings and its totals.
constexpr std::string_view kQuietLevels = "warning,sink.finished=info";

Result<int> run(const Options& options, const Runtime& runtime) {
  if (options.quiet) log_by_default(kQuietLevels);
  SDP_TRY(auto lake, open_lake(options.lake, options.services, runtime.clock));
  SDP_TRY(const bool created, lake.store->ensure_bucket());
  if (!options.quiet) print_bucket(lake.bucket, created);
  SDP_TRY(auto log, open_kafka(options.log, options.services));
  SDP_RETURN_IF_ERROR(log->ensure_topic(topic_spec(options.log)));
  sink::SinkOptions sink_options = options.sink;
  sink_options.writer = kWriter;
  sink_options.consumer.group = options.log.group;
  sink_options.consumer.session_timeout = std::chrono::milliseconds(options.log.session_timeout_ms);
  SinkPrinter printer(lake.display_name, options.quiet);
  sink::SinkRunner runner(*log, *lake.store, runtime.clock, std::move(sink_options), printer);
  if (options.until_caught_up) runner.finish_when_caught_up();
  const auto result = runner.run(runtime.stop);
  if (!result) return std::unexpected(result.error());
  return 0;
}

}  // namespace

void define_sink(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "sink", "Move events from Kafka to the lake until stopped; SIGTERM makes all durable first");
  const auto options = std::make_shared<Options>();
  add_log_options(*command, options->log);
  add_lake_options(*command, options->lake);
  add_services_options(*command, options->services);
  add_sink_options(*command, options->sink);
  command->add_flag("--until-caught-up", options->until_caught_up,
                    "Stop when everything in the topic is durable");
  command->add_flag("-q,--quiet", options->quiet, "Only warnings and the summary");
  command->callback(
      [options, &action] { action = [options](const Runtime& runtime) { return run(*options, runtime); }; });
}

}  // namespace sdp::cli
