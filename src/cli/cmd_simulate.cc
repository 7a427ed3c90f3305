#include <fmt/core.h>

#include <fstream>
#include <memory>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "cli/simulate_output.h"
#include "cli/wiring.h"
#include "diag/log.h"
#include "simulate/simulate_runner.h"

namespace sdp::cli {
namespace {

struct Options {
  LogSettings log;
  ServicesSettings services;
  SimulationSettings simulation;
  simulate::SimulateOptions simulate;
  std::string oracle_path;
};

Result<void> write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file)
    return fail(ErrorKind::cannot_write, "cannot write " + path + "; choose another place with --oracle");
  return {};
}

Result<int> run(const Options& options, const Runtime& runtime) {
  SDP_TRY(const auto spec, finished_spec(options.simulation, runtime.clock));
  SDP_TRY(auto log, open_kafka(options.log, options.services));
  SDP_TRY(const bool created, log->ensure_topic(topic_spec(options.log)));
  if (created)
    diag::log_event("topic.created", {{"topic", options.log.topic}, {"partitions", options.log.partitions}});
  SDP_TRY(auto producer, log->open_producer());
  SDP_TRY(auto source, simulate::open_source(spec));
  SimulatePrinter printer;
  simulate::SimulateRunner runner(spec, *source, *producer, runtime.clock, printer, options.simulate);
  simulate::Oracle oracle;
  if (!options.oracle_path.empty()) runner.tell(oracle);
  SDP_TRY(const auto summary, runner.run(runtime.stop));
  if (!options.oracle_path.empty()) SDP_RETURN_IF_ERROR(write_file(options.oracle_path, oracle.to_json()));
  const double seconds = static_cast<double>(summary.elapsed.count()) / 1000;
  diag::log_event(
      "simulate.finished",
      {{"acked", summary.acked}, {"seconds", seconds}, {"per_second", per_second(summary.acked, seconds)}});
  return 0;
}

}  // namespace

void define_simulate(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("simulate", "Produce listening events to Kafka");
  const auto options = std::make_shared<Options>();
  add_log_options(*command, options->log);
  add_services_options(*command, options->services);
  add_simulation_options(*command, options->simulation, "--profile,--mix");
  command->add_flag("-v,--verbose", options->simulate.verbose, "Show each event, whatever the rate");
  command->add_option("--oracle", options->oracle_path,
                      "Write the right answers for these events to this file");
  command->callback(
      [options, &action] { action = [options](const Runtime& runtime) { return run(*options, runtime); }; });
}

}  // namespace sdp::cli
