#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <stop_token>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/terminal_text.h"
#include "cli/command.h"
#include "cli/data_dir.h"
#include "cli/imports.h"
#include "cli/live.h"
#include "cli/logging.h"
#include "cli/page_server.h"
#include "cli/pipeline.h"
#include "cli/program_registry.h"
#include "cli/publish.h"
#include "cli/request_meter.h"
#include "cli/round_meter.h"
#include "cli/settings.h"
#include "cli/sink_output.h"
#include "cli/standard_output.h"
#include "cli/watched_pipeline.h"
#include "cli/wiring.h"
#include "history/history_source.h"
#include "local/endpoints.h"
#include "log/memory/memory_log.h"
#include "metrics/health.h"
#include "metrics/registry.h"
#include "monitor/monitor.h"
#include "sink/sink_meter.h"
#include "warehouse/duckdb/check_options.h"

namespace sdp::cli {
namespace {

/// Enough for a batch in flight and one open of each partition, or the log would wait for batches that wait
/// for it.
constexpr std::size_t kLogBytesMax = std::size_t{160} << 20;
constexpr std::size_t kBatchBytes = std::size_t{8} << 20;

struct RunOptions {
  std::string data = "data";
  std::string profile = "embedded";
  log::TopicSpec topic;
  SimulationSettings simulation;
  sink::SinkOptions sink;
  WarehouseSettings warehouse;
  TransformSettings transform;
  load::OtherLake other_lake = load::OtherLake::refuse;
  double reject_ratio_max = kRejectRatioMax;
  bool oracle = false;
  std::string labels;
  std::string report;  ///< a file; empty: in the data folder; kNoReport: there is none
  bool live = false;
  ServeSettings serve;  ///< of a live run
  ImportSettings import;

  bool is_import() const { return !import.path.empty(); }
};

constexpr std::string_view kNoReport = "none";

/// How long a count of a topic's records waits for the next one.
constexpr std::chrono::milliseconds kCountPatience{10'000};

/// Four whole weeks: enough to compare days, hours and weekdays.
constexpr std::uint32_t kDays = 28;

/// Refuses a folder in which DuckDB would not find its file, and settings that it does not take, before
/// anything is done.
Result<void> check_warehouse(const RunOptions& options, const DataDir& data) {
  if (options.warehouse.is_snowflake()) return {};
  SDP_RETURN_IF_ERROR(check_duckdb_path(data.warehouse().native()));
  return warehouse::duckdb::check_options(duckdb_options(options.warehouse));
}

Result<DataDir> open_data(const RunOptions& options, const std::filesystem::path& path) {
  SDP_TRY(DataDir data, DataDir::open(path));
  SDP_RETURN_IF_ERROR(check_warehouse(options, data));
  return data;
}

Result<PipelineParts> make_parts(const RunOptions& options, const DataDir& data, log::EventLog& log,
                                 store::ObjectStore& store, const Runtime& runtime) {
  SDP_TRY(auto spec, finished_spec(options.simulation, runtime.clock));
  spec.faults.value_bytes_max = options.sink.value_bytes_max;
  PipelineParts parts{
      .log = log,
      .marts = {.store = store,
                .warehouse = options.warehouse,
                .other_lake = options.other_lake,
                .transform = {},
                .reject_ratio_max = options.reject_ratio_max},
      .sink = options.sink,
      .simulation = spec,
      .transactions = options.simulation.transactions,
      .feed = {},
      .witness_root = {},
      .oracle = nullptr,
      .no_oracle = {},
      .labels = options.labels,
      .report = options.report,
      .to_see = options.warehouse.published.empty()
                    ? fmt::format("spotify-pipeline serve --data {}", base::shell_word(data.path().native()))
                    : fmt::format("spotify-pipeline serve --published {}",
                                  base::shell_word(options.warehouse.published)),
      .live = {}};
  if (options.report.empty()) parts.report = data.path() / "report.html";
  if (options.report == kNoReport) parts.report.clear();
  // On Snowflake nothing says where it is to be published but the data folder.
  if (parts.marts.warehouse.is_snowflake() && parts.marts.warehouse.published.empty())
    parts.marts.warehouse.published = data.warehouse().parent_path() / "published";
  if (!parts.marts.warehouse.is_snowflake()) parts.marts.warehouse.place = data.warehouse();
  parts.sink.writer = kWriter;
  TransformSettings transform = options.transform;
  transform.work_dir = data.transform();
  SDP_TRY(parts.marts.transform, transform_options(transform, parts.marts.warehouse));
  return parts;
}

/// The pages, before any event: an address that is taken is no reason to stop a run in its middle.
Result<std::unique_ptr<PageServer>> open_pages(const RunOptions& options, const PipelineParts& parts,
                                               monitor::Watched told) {
  if (!is_published(parts.marts.warehouse)) {
    return fail(ErrorKind::misconfigured,
                "--live shows what is published, and --published is none; name a folder, or leave it out");
  }
  serve::Sources sources{.published = {published_folder(parts.marts.warehouse)},
                         .nothing_yet =
                             "The first marts are being made. This page shows them when they are "
                             "there.",
                         .follow = true,
                         .how_to_move = {}};
  SDP_TRY(auto watched, watch_pipeline({.log = parts.log,
                                        .store = parts.marts.store,
                                        .published = published_folder(parts.marts.warehouse),
                                        .group = log::ConsumerOptions{}.group,
                                        .pace = pace_of(parts.sink)},
                                       {.value_bytes_max = parts.sink.value_bytes_max}, told.clock));
  SDP_TRY(auto server, PageServer::open(options.serve, std::move(sources), std::move(watched), told));
  print_out("{}\n", server->url());
  flush_out();
  return server;
}

/// Pages and marts go on beside the simulation; the first that fails ends both.
Result<void> live_beside(PageServer& server, const PipelineParts& parts, RoundMeter& meter,
                         const Runtime& runtime, const std::stop_token& stop) {
  std::stop_source end;
  const std::stop_callback on_stop(stop, [&] { end.request_stop(); });
  Result<KeptUp> kept_up;
  std::jthread loop([&] {
    kept_up = keep_up(parts.marts, runtime, end.get_token(), &meter);
    end.request_stop();
  });
  server.run(end.get_token());
  end.request_stop();
  loop.join();
  // What was loaded in part, or rejected, is told by the end of the run, which loads once more.
  if (!kept_up) return std::unexpected(kept_up.error());
  return {};
}

/// The records of the topic that readers are given. Offsets tell, unless there are more of them than `told`
/// records: transactions leave some without a record.
Result<std::uint64_t> records_of(log::EventLog& log, std::uint64_t told, std::chrono::milliseconds timeout) {
  SDP_TRY(const log::TopicInfo topic, log.describe());
  std::vector<log::Watermarks> available;
  std::uint64_t records = 0;
  for (log::Partition partition = 0; partition < topic.partitions; ++partition) {
    SDP_TRY(const log::Watermarks marks, log.watermarks(partition));
    records += static_cast<std::uint64_t>(marks.end - marks.start);
    available.push_back(marks);
  }
  if (records <= told || told == 0) return records;
  records = 0;
  SDP_TRY(const std::unique_ptr<log::Reader> reader, log.open_reader());
  for (log::Partition partition = 0; partition < topic.partitions; ++partition) {
    const log::Watermarks& marks = available[static_cast<std::size_t>(partition)];
    if (marks.end == marks.start) continue;
    SDP_RETURN_IF_ERROR(reader->read_all(partition, marks.start, marks.end, timeout,
                                         [&records](const log::RecordView&) -> Result<void> {
                                           ++records;
                                           return {};
                                         }));
  }
  return records;
}

/// An oracle of what the folder's runs have made, for this run to go on with. Nothing, and `parts.no_oracle`
/// says why, where there are events that no oracle was told of.
Result<std::optional<KeptOracle>> begin_oracle(const RunOptions& options, const DataDir& data,
                                               PipelineParts& parts, bool embedded) {
  if (!options.oracle || parts.feed) {
    if (options.oracle) parts.no_oracle = "the events are those of an export";
    SDP_RETURN_IF_ERROR(remove_oracle(data.oracle()));
    return std::nullopt;
  }
  KeptOracle kept(data.oracle());
  if (std::filesystem::exists(kept.path())) {
    SDP_RETURN_IF_ERROR(kept.go_on(parts.simulation));
  } else {
    bool is_empty = true;
    SDP_RETURN_IF_ERROR(
        parts.marts.store.list("", [&](const store::ListedObject&) { return is_empty = false; }));
    if (!is_empty) {
      parts.no_oracle = "the lake has events of runs without --oracle, or of others; take a new --data";
      return std::nullopt;
    }
  }
  // The log of an embedded run is new. One on servers has what runs before this one sent, and perhaps others.
  if (!embedded) {
    const std::uint64_t told = kept.oracle().records();
    SDP_TRY(const std::uint64_t records, records_of(parts.log, told, kCountPatience));
    if (records != told) {
      parts.no_oracle = fmt::format(
          "the topic has {} records, and the runs that kept an oracle sent {}; take a new topic and --data",
          records, told);
      SDP_RETURN_IF_ERROR(remove_oracle(kept.path()));
      return std::nullopt;
    }
  }
  SDP_RETURN_IF_ERROR(kept.begin(parts.simulation, {.another = embedded}));
  return kept;
}

/// `registry`: what a live run tells those who watch it.
Result<int> run_parts(const RunOptions& options, PipelineParts parts, metrics::Registry& registry,
                      const Runtime& runtime) {
  if (!options.live) return run_pipeline(parts, runtime);
  const SteadyTime now = runtime.clock.steady_now();
  const std::chrono::milliseconds longest = round_max(options.transform.time_limit);
  metrics::Health rounds(longest, now, longest);
  metrics::Health sink(log::ConsumerOptions{}.max_poll_interval, now);
  RoundMeter round_meter("run", registry, rounds, runtime.clock,
                         disks_of_rounds(parts.marts.warehouse, parts.marts.transform.work_dir));
  sink::SinkMeter sink_meter(parts.log.topic_name(), registry, sink, runtime.clock);
  parts.sink_observer = &sink_meter;
  parts.registry = &registry;
  SDP_TRY(const auto server, open_pages(options, parts, {registry, rounds, runtime.clock, &sink}));
  runtime.result.set("url", server->url());
  parts.live = [&](const std::stop_token& stop) {
    return live_beside(*server, parts, round_meter, runtime, stop);
  };
  return run_pipeline(parts, runtime);
}

Result<int> run_embedded_in(const DataDir& data, const RunOptions& options, std::optional<Feed> feed,
                            const Runtime& runtime) {
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
  runtime.result.set("data", data.path().string());
  SDP_TRY(auto parts, make_parts(options, data, log, *lake.store, runtime));
  parts.witness_root = data.log();
  parts.feed = std::move(feed);
  SDP_TRY(auto oracle, begin_oracle(options, data, parts, true));
  if (oracle) parts.oracle = &*oracle;
  ProgramRegistry registry;
  return run_parts(options, std::move(parts), registry, runtime);
}

Result<int> run_embedded(const RunOptions& options, const Runtime& runtime) {
  SDP_TRY(const DataDir data, open_data(options, options.data));
  return run_embedded_in(data, options, {}, runtime);
}

/// In a folder of the person's own, unless another is asked for. All of the export is read before anything is
/// made of it.
Result<int> run_import(RunOptions options, const settings::Command& command, const Runtime& runtime) {
  if (was_set(command, "run.data")) options.import.folder = options.data;
  SDP_TRY(const Import import, prepare_import(options.import, std::string(history::kInLake), runtime.clock));
  SDP_RETURN_IF_ERROR(tell_import(import.plan));
  SDP_TRY(const DataDir data, hold_person_folder(import));
  SDP_RETURN_IF_ERROR(check_warehouse(options, data));
  history::HistorySource source(import.plan, runtime.clock.utc_now());
  const Feed feed{.source = &source, .events = import.plan.counts.events(), .in_lake = [&import] {
                    return remember_import(import);
                  }};
  return run_embedded_in(data, options, feed, runtime);
}

Result<int> run_on_services(const RunOptions& options, const Runtime& runtime) {
  const std::filesystem::path root(options.data);
  SDP_TRY(const DataDir data, open_data(options, root / "on-services"));
  runtime.result.set("data", data.path().string());
  const ServicesSettings services{.data = root / "services"};
  SDP_TRY(const auto endpoints, local::read_endpoints(services.data));
  if (!endpoints) {
    return fail(ErrorKind::unavailable,
                fmt::format("the servers of {} do not run; start them with: spotify-services up --data {}",
                            services.data, base::shell_word(services.data)));
  }
  LogSettings log_settings;
  log_settings.kafka.bootstrap_servers = endpoints->kafka_brokers;
  log_settings.topic = options.topic;
  LakeSettings lake_settings;
  lake_settings.endpoint = endpoints->s3_url;
  ProgramRegistry registry;
  RequestMeter requests(registry);
  lake_settings.s3.observer = &requests;
  SDP_TRY(auto lake, open_lake(lake_settings, services, runtime.clock));
  SDP_TRY(const bool created, lake.store->ensure_bucket());
  print_bucket(lake.bucket, created);
  SDP_TRY(auto log, open_kafka(log_settings, services));
  SDP_RETURN_IF_ERROR(ensure_topic(*log, log_settings.topic));
  SDP_TRY(auto parts, make_parts(options, data, *log, *lake.store, runtime));
  SDP_TRY(auto oracle, begin_oracle(options, data, parts, false));
  if (oracle) parts.oracle = &*oracle;
  return run_parts(options, std::move(parts), registry, runtime);
}

/// The sink's single steps would hide what a run is about.
constexpr std::string_view kRunLevels = "info,sink=warning,hours=warning,kafka=warning";

/// Of a live run, a line for each round.
constexpr std::string_view kLiveLevels =
    "info,sink=warning,hours=warning,kafka=warning,simulate=warning,load=warning,transform=warning,publish="
    "warning,progress=warning";

constexpr double kLiveRate = 20;
/// How long a live run lets a record wait for others of its object.
constexpr std::chrono::milliseconds kLiveWait{2'000};

/// What a live run does where nothing else was asked for. Before whatever looks at the settings: they are
/// checked as they will be used, and a size or a longest wait that was asked for goes before kLiveWait.
void apply_live(const settings::Command& command, RunOptions& options) {
  simulate::SimulationSpec& spec = options.simulation.spec;
  if (!was_set(command, "simulation.events")) spec.events = 0;
  if (spec.rate == 0 && spec.speed == 0) {
    if (spec.profile == simulate::Profile::seed) {
      spec.rate = kLiveRate;
    } else {
      spec.speed = 1;
    }
  }
  sink::BatchLimits& limits = options.sink.limits;
  if (!was_set(command, "sink.batch-linger-ms")) limits.linger = kLiveWait;
  if (!was_set(command, "sink.batch-idle-ms")) limits.idle = kLiveWait;
}

Result<int> run(RunOptions options, const settings::Command& command, const Runtime& runtime) {
  log_by_default(options.live ? kLiveLevels : kRunLevels);
  options.sink.limits = finished_limits(command, options.sink.limits);
  if (options.is_import()) return run_import(std::move(options), command, runtime);
  return options.profile == "services" ? run_on_services(options, runtime) : run_embedded(options, runtime);
}

}  // namespace

void define_run(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<RunOptions>();
  options->simulation.spec.events = 1'000'000;
  options->simulation.days = kDays;
  options->sink.limits.bytes_max = kBatchBytes;
  options->warehouse.place = "duckdb";
  auto& command = commands.add(
      commands.parser(), "run",
      "Run the whole pipeline once: simulate, sink, load, transform, publish, verify; each run adds to the "
      "marts",
      "  spotify-pipeline run                                  1,000,000 events, without any server\n"
      "  spotify-pipeline run --events 10000 --data /tmp/demo  a small run in another folder\n"
      "  spotify-pipeline run --days 0                         all events happened just now\n"
      "  spotify-pipeline run --profile services               on the servers of `make services`\n"
      "  spotify-pipeline run --import my_spotify_data.zip     a listening history, into a folder of its "
      "own\n"
      "  spotify-pipeline run --live --rate 100                events come, and the pages show them, until "
      "Ctrl-C");
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
  command.bind("run.report", options->report);
  command.bind("run.oracle", options->oracle);
  command.bind("simulation.labels", options->labels);
  command.bind("run.live", options->live);
  command.bind("run.import", options->import.path);
  command.bind("history.user", options->import.user);
  command.bind("history.format", options->import.format,
               {{"auto", std::nullopt},
                {"spotify", history::Format::spotify},
                {"listenbrainz", history::Format::listenbrainz},
                {"lastfm", history::Format::lastfm},
                {"eventsim", history::Format::eventsim}});
  bind_serve(command, options->serve);
  bind_other_lake(command, options->other_lake);
  command.bind("dbt.max-reject-ratio", options->reject_ratio_max);
  command.when_chosen([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      if (options->live) apply_live(command, *options);
      SDP_RETURN_IF_ERROR(check_warehouse_flags(command, options->warehouse));
      SDP_RETURN_IF_ERROR(check_simulation_flags(command, options->simulation));
      SDP_RETURN_IF_ERROR(check_distinct_files({{"--behaviour", options->simulation.behaviour},
                                                {"--labels", options->labels},
                                                {"--report", options->report}}));
      SDP_RETURN_IF_ERROR(check_topic_flags(command, options->profile));
      SDP_RETURN_IF_ERROR(check_live_flags(command, options->live));
      SDP_RETURN_IF_ERROR(check_import_flags(command, options->is_import()));
      return run(*options, command, runtime);
    };
  });
}

}  // namespace sdp::cli
