#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <optional>

#include "base/duration_text.h"
#include "cli/command.h"
#include "cli/imports.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "cli/simulate_output.h"
#include "cli/wiring.h"
#include "diag/log.h"
#include "history/history_source.h"
#include "simulate/simulate_runner.h"

namespace sdp::cli {
namespace {

struct ImportOptions {
  LogSettings log;
  ServicesSettings services;
  ImportSettings import;
};

Result<int> run(const ImportOptions& options, const Runtime& runtime) {
  SDP_TRY(auto log, open_kafka(options.log, options.services));
  SDP_TRY(const bool created, ensure_topic(*log, options.log.topic));
  runtime.result.set("path", options.import.path);
  runtime.result.set("topic", options.log.topic.name);
  runtime.result.set("topic_created", created);
  if (created)
    diag::log_event("topic.created",
                    {{"topic", options.log.topic.name}, {"partitions", options.log.topic.partitions}});
  // A topic that is made again has nothing of what was imported before.
  SDP_TRY(const log::TopicInfo topic, log->describe());
  SDP_TRY(const Import import, prepare_import(options.import, base::to_string(topic.id), runtime.clock));
  runtime.result.set("folder", import.folder.string());
  runtime.result.set("events", import.plan.counts.events());
  SDP_RETURN_IF_ERROR(tell_import(import.plan));
  std::optional<DataDir> held;
  if (!import.plan.to_remember().empty()) {
    SDP_TRY(held, hold_person_folder(import));
  }
  SDP_TRY(auto producer, log->open_producer());
  history::HistorySource source(import.plan, runtime.clock.utc_now());
  SimulatePrinter printer(runtime.quiet, import.plan.counts.events(), "import");
  SDP_TRY(const auto summary,
          simulate::SimulateRunner({}, source, *producer, runtime.clock, printer).run(runtime.stop));
  runtime.result.set("acked", summary.acked);
  if (summary.stopped) {
    return fail(
        ErrorKind::interrupted,
        fmt::format("stopped after {} of {} events; import it again, which adds the others and otherwise "
                    "only duplicates",
                    with_commas(summary.acked), with_commas(import.plan.counts.events())));
  }
  SDP_RETURN_IF_ERROR(remember_import(import));
  const double seconds = base::in_seconds(summary.elapsed);
  diag::log_event(
      "import.finished",
      {{"acked", summary.acked}, {"seconds", seconds}, {"per_second", per_second(summary.acked, seconds)}});
  return 0;
}

}  // namespace

void define_import(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<ImportOptions>();
  auto& command = commands.add(commands.parser(), "import",
                               "Produce a person's listening history, as a service exports it, to Kafka",
                               "  spotify-pipeline import spotify my_spotify_data.zip          all histories "
                               "in a ZIP file, or in a folder\n"
                               "  spotify-pipeline import lastfm scrobbles.csv --user ada     as ada's\n"
                               "  spotify-pipeline run --import my_spotify_data.zip            the whole way "
                               "to marts and pages, without Kafka");
  command.parser()
      .add_option("format", options->import.format, "Whose export: spotify, listenbrainz, lastfm or eventsim")
      ->required()
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, history::Format>{{"spotify", history::Format::spotify},
                                                 {"listenbrainz", history::Format::listenbrainz},
                                                 {"lastfm", history::Format::lastfm},
                                                 {"eventsim", history::Format::eventsim}}));
  command.parser()
      .add_option("path", options->import.path, "File, folder or ZIP file of the export")
      ->required();
  command.bind("history.user", options->import.user);
  command.bind("history.folder", options->import.folder);
  bind_log(command, options->log);
  bind_new_topic(command, options->log);
  bind_services(command, options->services);
  command.bind("kafka.delivery-timeout-ms", options->log.kafka.delivery_timeout);
  command.when_chosen(
      [options, &action] { action = [options](const Runtime& runtime) { return run(*options, runtime); }; });
}

}  // namespace sdp::cli
