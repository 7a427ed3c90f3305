#include <fmt/core.h>

#include <memory>

#include "cli/command.h"
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
};

Result<int> run(const Options& options, const settings::Command& command, const Runtime& runtime) {
  SDP_TRY(auto lake, open_lake(options.lake, options.services, runtime.clock));
  SDP_TRY(const bool created, lake.store->ensure_bucket());
  if (!runtime.quiet) print_bucket(lake.bucket, created);
  SDP_TRY(auto log, open_kafka(options.log, options.services));
  sink::SinkOptions sink_options = options.sink;
  sink_options.writer = kWriter;
  sink_options.limits = finished_limits(command, options.sink.limits);
  SinkPrinter printer(lake.display_name, runtime.quiet);
  sink::SinkRunner runner(*log, *lake.store, runtime.clock, std::move(sink_options), printer);
  if (options.until_caught_up) runner.finish_when_caught_up();
  const auto result = runner.run(runtime.stop);
  if (!result) return std::unexpected(result.error());
  return 0;
}

}  // namespace

void define_sink(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<Options>();
  auto& command = commands.add(
      commands.parser(), "sink",
      "Move events from Kafka to the lake until stopped; SIGTERM makes everything durable first",
      "  spotify-pipeline sink --until-caught-up   stop when everything in the topic is durable\n"
      "  spotify-pipeline sink --batch-records 10  small objects");
  bind_log(command, options->log);
  command.bind("kafka.group", options->sink.consumer.group);
  command.bind("kafka.session-timeout-ms", options->sink.consumer.session_timeout);
  command.bind("kafka.max-poll-interval-ms", options->sink.consumer.max_poll_interval);
  bind_lake(command, options->lake);
  bind_services(command, options->services);
  bind_sink(command, options->sink);
  command.bind("sink.wait-topic-s", options->sink.topic_wait);
  command.bind("sink.until-caught-up", options->until_caught_up);
  command.parser().callback([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_lake_flags(command, options->lake));
      return run(*options, command, runtime);
    };
  });
}

}  // namespace sdp::cli
