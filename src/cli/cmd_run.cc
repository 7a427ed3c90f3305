#include <fmt/core.h>

#include <memory>
#include <random>

#include "cli/command.h"
#include "cli/data_dir.h"
#include "cli/logging.h"
#include "cli/pipeline.h"
#include "cli/settings.h"
#include "cli/sink_output.h"
#include "cli/wiring.h"
#include "local/endpoints.h"
#include "log/memory/memory_log.h"

namespace sdp::cli {
namespace {

/// Enough for a batch in flight and one open of each partition, or the log would wait for batches that wait
/// for it.
constexpr std::size_t kLogBytesMax = std::size_t{160} << 20;
constexpr std::size_t kBatchBytes = std::size_t{8} << 20;

struct Options {
  std::string data = "data";
  std::string profile = "embedded";
  log::TopicSpec topic;
  SimulationSettings simulation;
  sink::SinkOptions sink;
  WarehouseSettings warehouse;
  TransformSettings transform;
  load::OtherLake other_lake = load::OtherLake::refuse;
  double reject_ratio_max = kRejectRatioMax;
};

Result<PipelineParts> make_parts(const Options& options, const DataDir& data, log::EventLog& log,
                                 store::ObjectStore& store, const Runtime& runtime) {
  SDP_TRY(auto spec, finished_spec(options.simulation, runtime.clock));
  PipelineParts parts{.log = log,
                      .store = store,
                      .warehouse = options.warehouse,
                      .other_lake = options.other_lake,
                      .reject_ratio_max = options.reject_ratio_max,
                      .transform = {},
                      .sink = options.sink,
                      .simulation = spec,
                      .witness_root = {}};
  if (!parts.warehouse.is_snowflake()) parts.warehouse.place = data.warehouse();
  parts.sink.writer = kWriter;
  TransformSettings transform = options.transform;
  transform.work_dir = data.transform();
  SDP_TRY(parts.transform, transform_options(transform, parts.warehouse));
  return parts;
}

Result<int> run_embedded(const Options& options, const Runtime& runtime) {
  SDP_TRY(const DataDir data, DataDir::open(options.data));
  LakeSettings lake_settings;
  lake_settings.place = data.lake();
  SDP_TRY(auto lake, open_lake(lake_settings, {}, runtime.clock));
  SDP_RETURN_IF_ERROR(lake.store->ensure_bucket());
  log::MemoryLogOptions log_options;
  log_options.topic = options.topic.name;
  log_options.retained_bytes_max = kLogBytesMax;
  const log::ConsumerOptions consumer;
  log_options.holds = {{consumer.group, log::RetentionHold::Until::committed},
                       {"witness", log::RetentionHold::Until::consumed}};
  std::random_device entropy;
  log::MemoryLog log(log_options, runtime.clock, Rng(std::uint64_t{entropy()} << 32 | entropy()));
  SDP_RETURN_IF_ERROR(log.ensure_topic(options.topic));
  SDP_TRY(auto parts, make_parts(options, data, log, *lake.store, runtime));
  parts.witness_root = data.log();
  return run_pipeline(parts, runtime);
}

Result<int> run_on_services(const Options& options, const Runtime& runtime) {
  const std::filesystem::path root(options.data);
  SDP_TRY(const DataDir data, DataDir::open(root / "on-services"));
  const ServicesSettings services{.data = root / "services"};
  SDP_TRY(const auto endpoints, local::read_endpoints(services.data));
  if (!endpoints) {
    return fail(ErrorKind::unavailable,
                fmt::format("no servers run on {}; start them: spotify-services up --data {}", services.data,
                            services.data));
  }
  LogSettings log_settings;
  log_settings.kafka.bootstrap_servers = endpoints->kafka_brokers;
  log_settings.topic = options.topic;
  LakeSettings lake_settings;
  lake_settings.endpoint = endpoints->s3_url;
  SDP_TRY(auto lake, open_lake(lake_settings, services, runtime.clock));
  SDP_TRY(const bool created, lake.store->ensure_bucket());
  print_bucket(lake.bucket, created);
  SDP_TRY(auto log, open_kafka(log_settings, services));
  SDP_RETURN_IF_ERROR(ensure_topic(*log, log_settings.topic));
  SDP_TRY(const auto parts, make_parts(options, data, *log, *lake.store, runtime));
  return run_pipeline(parts, runtime);
}

/// The sink's single steps would hide what a run is about.
constexpr std::string_view kRunLevels = "info,sink=warning,hours=warning,kafka=warning";

Result<int> run(Options options, const settings::Command& command, const Runtime& runtime) {
  log_by_default(kRunLevels);
  options.sink.limits = finished_limits(command, options.sink.limits);
  return options.profile == "services" ? run_on_services(options, runtime) : run_embedded(options, runtime);
}

}  // namespace

void define_run(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<Options>();
  options->simulation.spec.events = 1'000'000;
  options->sink.limits.bytes_max = kBatchBytes;
  options->warehouse.duckdb.memory_limit = "320MB";
  options->warehouse.place = "duckdb";
  auto& command = commands.add(
      commands.parser(), "run",
      "The whole chain once: simulate, sink, load, transform, verify; marts grow run by run",
      "  spotify-pipeline run                                  embedded, 1,000,000 events\n"
      "  spotify-pipeline run --events 10000 --data /tmp/demo  a small one elsewhere\n"
      "  spotify-pipeline run --profile services               on the servers of `make services`");
  command.bind("run.data", options->data);
  command.bind("run.profile", options->profile);
  command.bind("run.warehouse", options->warehouse.place);
  command.bind("kafka.topic", options->topic.name);
  command.bind("kafka.partitions", options->topic.partitions);
  bind_topic_compression(command, options->topic.compression);
  bind_simulation(command, options->simulation, "--mix");
  bind_sink(command, options->sink);
  bind_warehouse_limits(command, options->warehouse);
  bind_snowflake(command, options->warehouse);
  bind_transform(command, options->transform);
  command.bind("publish.folder", options->warehouse.published);
  bind_other_lake(command, options->other_lake);
  command.bind("dbt.max-reject-ratio", options->reject_ratio_max);
  command.parser().callback([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_warehouse_flags(command, options->warehouse));
      SDP_RETURN_IF_ERROR(check_simulation_flags(command, options->simulation));
      SDP_RETURN_IF_ERROR(check_topic_flags(command, options->profile));
      return run(*options, command, runtime);
    };
  });
}

}  // namespace sdp::cli
