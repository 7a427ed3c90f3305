#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/terminal_text.h"
#include "cli/command.h"
#include "cli/data_dir.h"
#include "cli/look.h"
#include "cli/page_server.h"
#include "cli/program_registry.h"
#include "cli/publish.h"
#include "cli/settings.h"
#include "cli/standard_output.h"
#include "cli/watched_pipeline.h"
#include "cli/wiring.h"
#include "metrics/health.h"
#include "serve/pages.h"

namespace sdp::cli {
namespace {

namespace fs = std::filesystem;

struct ServeOptions {
  std::string data = "data";
  WarehouseSettings warehouse;  ///< only where it is published
  ServeSettings serve;
  bool probe = false;
  bool flow = false;
  // What the pages that move look at.
  LogSettings log;
  LakeSettings lake;
  ServicesSettings services;
  log::ConsumerOptions consumer;
  sink::SinkOptions sink;  ///< only how soon it cuts and closes, and what is too large for it
  std::string mapping;     ///< by which silver judges; empty: records are events
  std::string deps;        ///< for one that comes with the program
  SharedFlags flags;       ///< for what people are told to run
};

/// How long a look waits for a server, and so the longest that the end of the pages takes.
constexpr std::chrono::milliseconds kLookPatience{5'000};
constexpr std::chrono::milliseconds kAlways = std::chrono::years(100);

/// Where `run` publishes below a data folder: on DuckDB and Snowflake in one place, on the local servers in
/// another.
std::vector<fs::path> published_below(const fs::path& data) {
  const auto beside = [](const fs::path& folder) {
    return embedded_warehouse(folder).parent_path() / "published";
  };
  return {beside(data), beside(data / "on-services")};
}

serve::Sources sources_of(const ServeOptions& options, const settings::Command& command) {
  serve::Sources sources;
  const bool named = !options.warehouse.published.empty();
  if (named) sources.published.emplace_back(options.warehouse.published);
  const bool data_too = !named || was_set(command, "run.data");
  if (data_too) {
    for (fs::path& folder : published_below(options.data)) sources.published.push_back(std::move(folder));
  }
  sources.nothing_yet = fmt::format(
      "Nothing is published in {} yet. {}", sources.published.front().string(),
      data_too ? fmt::format("Run: spotify-pipeline run --data {}", base::shell_word(options.data))
               : fmt::format("In the container stack the first marts come a few minutes after the first "
                             "start. Elsewhere, run: spotify-pipeline publish --published {}",
                             base::shell_word(options.warehouse.published)));
  sources.how_to_move =
      "This server does not look at log and lake. To see them here, run: spotify-pipeline serve --flow; it "
      "needs "
      "the settings of brokers and lake. Without servers, run: spotify-pipeline run --live";
  return sources;
}

/// Log and lake, open as long as they are looked at.
struct Looked {
  Lake lake;
  std::unique_ptr<log::EventLog> log;
};

Result<Looked> open_looked(const ServeOptions& options, Clock& clock) {
  LogSettings log = options.log;
  log.kafka.call_timeout = std::min(log.kafka.call_timeout, kLookPatience);
  LakeSettings lake = options.lake;
  lake.s3.total_timeout = std::min(lake.s3.total_timeout, kLookPatience);
  // A page that is told nothing for a minute tells nobody that the store hangs.
  lake.s3.retry.total_max = std::min(lake.s3.retry.total_max, kLookPatience);
  Looked looked;
  SDP_TRY(looked.lake, open_lake(lake, options.services, clock));
  SDP_TRY(looked.log, open_kafka(log, options.services));
  return looked;
}

/// What is published of a lake on servers, where `status` looks for it, too.
fs::path published_of_servers(const ServeOptions& options) {
  return options.warehouse.published.empty() ? published_below(options.data).back()
                                             : fs::path(options.warehouse.published);
}

Result<std::unique_ptr<serve::Watched>> watched_of(const ServeOptions& options, const Looked& looked,
                                                   Clock& clock) {
  Judging judging{.value_bytes_max = options.sink.value_bytes_max};
  SDP_TRY(judging.mapping, read_mapping(options.mapping, options.deps));
  return watch_pipeline({.log = *looked.log,
                         .store = *looked.lake.store,
                         .published = published_of_servers(options),
                         .group = options.consumer.group,
                         .pace = pace_of(options.sink),
                         .flags = options.flags,
                         .timeout = kLookPatience},
                        std::move(judging), clock);
}

Result<int> run(const ServeOptions& options, const settings::Command& command, const Runtime& runtime) {
  if (options.warehouse.published == kNotPublished) {
    return fail(ErrorKind::misconfigured,
                "serve: --published is none, so there is nothing to show; name a folder, or leave it out");
  }
  if (options.probe) {
    SDP_TRY(const std::string url, probe_pages(options.serve));
    print_out("{}: the pages are served\n", url);
    return 0;
  }
  ProgramRegistry registry;
  // Nothing turns beside the thread that answers: whoever gets an answer sees that it does.
  metrics::Health health(kAlways, runtime.clock.steady_now(), kAlways);
  health.say(metrics::Readiness::ready);
  // Before the server, which stops looking before they close.
  Looked looked;
  std::unique_ptr<serve::Watched> watched;
  if (options.flow) {
    SDP_TRY(looked, open_looked(options, runtime.clock));
    SDP_TRY(watched, watched_of(options, looked, runtime.clock));
  }
  SDP_TRY(const auto server, PageServer::open(options.serve, sources_of(options, command), std::move(watched),
                                              {registry, health, runtime.clock}));
  runtime.result.set("url", server->url());
  runtime.result.set("flow", options.flow);
  print_out("{}\n", server->url());
  flush_out();
  // Nobody could be told where the pages are.
  if (!out_has_failed()) server->run(runtime.stop);
  return 0;
}

}  // namespace

void define_serve(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<ServeOptions>();
  auto& command = commands.add_reader(
      commands.parser(), "serve",
      "Show what was published in a browser until Ctrl-C; prints the address. Reads published files and, "
      "with "
      "--flow, log and lake; never a warehouse",
      "  spotify-pipeline serve                    what `run` published below data/\n"
      "  spotify-pipeline serve --flow             also what moves on servers: Flow, Lake and Topic\n"
      "  spotify-pipeline serve --listen 127.0.0.1:0 --data /tmp/demo    another run, at a port that is "
      "free\n"
      "  SERVE_TOKEN=... spotify-pipeline serve --listen 0.0.0.0:8090    for others, behind a proxy with "
      "TLS");
  command.bind("run.data", options->data);
  command.bind("publish.folder", options->warehouse.published);
  bind_serve(command, options->serve);
  command.bind("serve.probe", options->probe);
  command.bind("serve.flow", options->flow);
  bind_log(command, options->log);
  command.bind("kafka.group", options->consumer.group);
  bind_lake(command, options->lake);
  bind_services(command, options->services);
  bind_pace(command, options->sink);
  command.bind("sink.value-bytes-max", options->sink.value_bytes_max);
  command.bind("dbt.mapping", options->mapping);
  command.bind("dbt.deps", options->deps);
  command.when_chosen([options, &commands, &command, &action] {
    action = [options, &commands, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_flow_flags(command, options->flow));
      SDP_RETURN_IF_ERROR(check_lake_flags(command, options->lake));
      options->sink.limits = finished_limits(command, options->sink.limits);
      options->flags = shared_flags(commands, command);
      return run(*options, command, runtime);
    };
  });
}

}  // namespace sdp::cli
