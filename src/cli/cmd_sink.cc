#include <fmt/core.h>

#include <memory>

#include "cli/command.h"
#include "cli/probe.h"
#include "cli/program_registry.h"
#include "cli/request_meter.h"
#include "cli/settings.h"
#include "cli/sink_output.h"
#include "cli/standard_output.h"
#include "cli/wiring.h"
#include "metrics/health.h"
#include "monitor/monitor.h"
#include "sink/sink_meter.h"

namespace sdp::cli {
namespace {

struct SinkOptions {
  LogSettings log;
  LakeSettings lake;
  ServicesSettings services;
  sink::SinkOptions sink;
  bool until_caught_up = false;
  std::string listen;  ///< empty: nobody watches
  bool probe = false;
};

void tell(const sink::SinkMetrics& metrics, ResultObject& result) {
  result.set("records_read", metrics.records_read.load());
  result.set("records_durable", metrics.records_durable.load());
  result.set("records_rejected", metrics.records_rejected.load());
  result.set("objects_created", metrics.objects_created.load());
  result.set("objects_adopted", metrics.objects_adopted.load());
  result.set("bytes", metrics.body_bytes.load());
  result.set("hours_closed", metrics.hours_closed.load());
  result.set("outages", metrics.outages.load());
}

Result<int> run(const SinkOptions& options, const settings::Command& command, const Runtime& runtime) {
  // To Kafka a group without a name is one that it does not know, said at the end of all that is opened.
  if (options.sink.consumer.group.empty())
    return fail(ErrorKind::misconfigured, "--group: '' is not the name of a consumer group");
  ProgramRegistry registry;
  // Beyond that time the group gives its partitions to others.
  metrics::Health health(options.sink.consumer.max_poll_interval, runtime.clock.steady_now());
  RequestMeter requests(registry);
  SDP_TRY(const auto monitor, monitor::Monitor::watch(options.listen, {registry, health, runtime.clock}));
  // Its client connects while the bucket is looked for.
  SDP_TRY(auto log, open_kafka(options.log, options.services));
  LakeSettings watched_lake = options.lake;
  watched_lake.s3.observer = &requests;
  SDP_TRY(auto lake, open_lake(watched_lake, options.services, runtime.clock));
  SDP_TRY(const bool created, lake.store->ensure_bucket());
  if (!runtime.quiet) print_bucket(lake.bucket, created);
  runtime.result.set("topic", options.log.topic.name);
  runtime.result.set("lake", lake.store->describe());
  runtime.result.set("bucket_created", created);
  sink::SinkOptions sink_options = options.sink;
  sink_options.writer = kWriter;
  sink_options.limits = finished_limits(command, options.sink.limits);
  SinkPrinter printer(requests.is_minio() ? "MinIO" : lake.display_name, runtime.quiet);
  sink::SinkMeter meter(options.log.topic.name, registry, health, runtime.clock);
  sink::BothObservers observers(meter, printer);
  sink::SinkRunner runner(*log, *lake.store, runtime.clock, std::move(sink_options), observers);
  if (options.until_caught_up) runner.finish_when_caught_up();
  const auto result = runner.run(runtime.stop);
  tell(runner.metrics(), runtime.result);
  if (!result) return std::unexpected(result.error());
  return 0;
}

}  // namespace

void define_sink(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<SinkOptions>();
  auto& command =
      commands.add(commands.parser(), "sink",
                   "Move events from Kafka to the lake until it is stopped; on SIGTERM or Ctrl-C it uploads "
                   "what it has read, and ends",
                   "  spotify-pipeline sink --until-caught-up   stop when the whole topic is in the lake\n"
                   "  spotify-pipeline sink --batch-records 10  small objects\n"
                   "  spotify-pipeline sink --listen 127.0.0.1:9108     metrics and health at that address");
  bind_log(command, options->log);
  command.bind("kafka.group", options->sink.consumer.group);
  command.bind("kafka.session-timeout-ms", options->sink.consumer.session_timeout);
  command.bind("kafka.max-poll-interval-ms", options->sink.consumer.max_poll_interval);
  bind_lake(command, options->lake);
  bind_services(command, options->services);
  bind_sink(command, options->sink);
  command.bind("sink.wait-topic-s", options->sink.topic_wait);
  command.bind("sink.until-caught-up", options->until_caught_up);
  command.bind("metrics.listen", options->listen);
  command.bind("metrics.probe", options->probe);
  command.when_chosen([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      if (options->probe) return print_readiness(options->listen, "the sink");
      SDP_RETURN_IF_ERROR(check_lake_flags(command, options->lake));
      return run(*options, command, runtime);
    };
  });
}

}  // namespace sdp::cli
