#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "base/terminal_text.h"
#include "base/text_table.h"
#include "base/utc_time.h"
#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/out_reader.h"
#include "cli/publish.h"
#include "cli/settings.h"
#include "cli/standard_output.h"
#include "cli/status.h"
#include "cli/status_reader.h"
#include "cli/watching.h"
#include "cli/wiring.h"

namespace sdp::cli {
namespace {

struct Options {
  LogSettings log;
  LakeSettings lake;
  ServicesSettings services;
  WarehouseSettings warehouse;  ///< only where it is published
  log::ConsumerOptions consumer;
  sink::SinkOptions sink;  ///< only how soon it cuts and closes
  std::int64_t lag_max = 0;
  std::size_t hours = 24;
  std::chrono::seconds watch{0};  ///< 0: once
  bool json = false;
};

/// What is looked at again and again.
struct Places {
  Lake lake;
  std::unique_ptr<log::EventLog> log;
  std::unique_ptr<StatusReader> reader;
};

Result<Places> open(const Options& options, Clock& clock) {
  Places places;
  SDP_TRY(places.lake, open_lake(options.lake, options.services, clock));
  SDP_TRY(places.log, open_kafka(options.log, options.services));
  SDP_TRY(auto reader, StatusReader::open(
                           {.log = *places.log,
                            .store = *places.lake.store,
                            .published = is_published(options.warehouse) ? published_folder(options.warehouse)
                                                                         : std::filesystem::path(),
                            .group = options.consumer.group,
                            .pace = pace_of(options.sink),
                            .hours = options.hours,
                            .timeout = options.log.kafka.call_timeout},
                           clock));
  places.reader = std::make_unique<StatusReader>(std::move(reader));
  return places;
}

void print(const Options& options, const Status& status) {
  if (options.json) {
    print_line(to_json(status));
  } else {
    write_out(to_text(status));
  }
}

Result<int> run_once(const Options& options, const Runtime& runtime) {
  SDP_TRY(const Places places, open(options, runtime.clock));
  SDP_TRY(const Status status, places.reader->look());
  print(options, status);
  return lag_of(status) > options.lag_max ? kUnhealthy : 0;
}

/// Whether a later look may succeed.
bool may_pass(const Error& error) {
  return error.kind == ErrorKind::unavailable || error.kind == ErrorKind::retry;
}

void print_unreachable(const Options& options, const Error& error, Clock& clock) {
  const std::string at = base::format_iso(clock.utc_now());
  if (options.json) {
    print_line({{"schema_version", 1}, {"at", at}, {"error", error.message}});
  } else {
    print_out("{} cannot look: {}\n", at, base::printable(error.message));
  }
}

/// A screen that is drawn again, or lines where nobody looks at a screen. What cannot be reached now is said
/// and asked again.
Result<int> watch(const Options& options, const Runtime& runtime) {
  SDP_TRY(const Places places, open(options, runtime.clock));
  end_quietly_without_reader();
  const bool redraws = out_is_terminal() && !options.json;
  do {
    const auto status = places.reader->look();
    if (runtime.stop.stop_requested()) break;
    if (!status && !may_pass(status.error())) return std::unexpected(status.error());
    if (redraws) write_out(kClearScreen);
    if (!status) {
      print_unreachable(options, status.error(), runtime.clock);
    } else if (options.json || redraws) {
      print(options, *status);
    } else {
      write_out(to_line(*status));
    }
    flush_out();
  } while (!out_has_failed() && wait_unless_stopped(runtime.stop, options.watch));
  return 0;
}

}  // namespace

void define_status(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<Options>();
  auto& command = commands.add_reader(
      commands.parser(), "status",
      "Show where the pipeline stands: how far each stage is behind the one before it, how new it is, which "
      "hours are closed, what was proved, and what to do next; exits with 10 when the lake is behind the "
      "log. "
      "Opens no warehouse: what lies behind the lake is that of the last publication",
      "  spotify-pipeline status --watch        again every 2 seconds, until Ctrl-C\n"
      "  spotify-pipeline status --json         for a program\n"
      "  spotify-pipeline status --lag-max 1000 for a health check");
  bind_log(command, options->log);
  command.bind("kafka.group", options->consumer.group);
  bind_lake(command, options->lake);
  bind_services(command, options->services);
  command.bind("warehouse.place", options->warehouse.place);
  command.bind("publish.folder", options->warehouse.published);
  bind_pace(command, options->sink);
  command.bind("status.lag-max", options->lag_max);
  command.bind("status.hours", options->hours);
  command.bind("status.watch-s", options->watch);
  command.bind("output.json", options->json);
  command.parser().callback([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_lake_flags(command, options->lake));
      options->sink.limits = finished_limits(command, options->sink.limits);
      return options->watch.count() > 0 ? watch(*options, runtime) : run_once(*options, runtime);
    };
  });
}

}  // namespace sdp::cli
