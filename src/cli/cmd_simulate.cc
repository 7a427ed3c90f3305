#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/duration_text.h"
#include "cli/command.h"
#include "cli/control_file.h"
#include "cli/fault_rates.h"
#include "cli/kept_oracle.h"
#include "cli/line_producer.h"
#include "cli/output.h"
#include "cli/probe.h"
#include "cli/program_registry.h"
#include "cli/settings.h"
#include "cli/simulate_meter.h"
#include "cli/simulate_output.h"
#include "cli/wiring.h"
#include "diag/log.h"
#include "event/fields.h"
#include "metrics/health.h"
#include "monitor/monitor.h"
#include "simulate/simulate_runner.h"

namespace sdp::cli {
namespace {

/// More have nothing to do: one makes the events, one sends them, and to encode them takes no longer than
/// both.
constexpr int kThreadsUsed = 4;

int default_threads() {
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kThreadsUsed);
}

struct SimulateOptions {
  LogSettings log;
  ServicesSettings services;
  SimulationSettings simulation;
  bool verbose = false;
  std::string oracle;
  bool continue_oracle = false;
  bool describe = false;
  bool topic_by_type = false;
  std::string labels_path;
  std::string control_path;
  std::string output{kOutputKafka};
  int threads = default_threads();
  std::string metrics_file;
  std::string listen;  ///< empty: nobody watches
  bool probe = false;

  bool writes_lines() const { return output != kOutputKafka; }
};

/// What the end of a simulation takes: a last look at what was sent.
constexpr std::chrono::milliseconds kSettle{60'000};

/// What sends to one topic; without a log it writes lines.
struct Target {
  std::unique_ptr<log::EventLog> log;
  std::unique_ptr<log::Producer> producer;

  std::string topic() const { return log ? log->topic_name() : std::string(); }
};

Result<Target> open_topic(const LogSettings& log, const ServicesSettings& services) {
  Target target;
  SDP_TRY(target.log, open_kafka(log, services));
  SDP_TRY(const bool created, ensure_topic(*target.log, log.topic));
  if (created)
    diag::log_event("topic.created", {{"topic", log.topic.name}, {"partitions", log.topic.partitions}});
  SDP_TRY(target.producer, target.log->open_producer());
  return target;
}

/// One, or one for each type of event.
Result<std::vector<Target>> open_targets(const SimulateOptions& options, Clock& clock) {
  std::vector<Target> targets;
  if (options.writes_lines()) {
    SDP_TRY(targets.emplace_back().producer, open_line_producer(options.output, clock));
    return targets;
  }
  if (!options.topic_by_type) {
    SDP_TRY(auto target, open_topic(options.log, options.services));
    targets.push_back(std::move(target));
    return targets;
  }
  for (const std::string_view type : event::kEventTypes) {
    LogSettings log = options.log;
    log.topic.name = fmt::format("{}-{}", log.topic.name, type);
    SDP_TRY(auto target, open_topic(log, options.services));
    targets.push_back(std::move(target));
  }
  return targets;
}

simulate::Outlets outlets_of(const std::vector<Target>& targets) {
  if (targets.size() == 1) return simulate::Outlets(*targets.front().producer, targets.front().topic());
  simulate::Outlets::ByType by_type;
  std::ranges::transform(targets, by_type.begin(), [](const Target& one) {
    return simulate::Outlets::Outlet{.producer = one.producer.get(), .topic = one.topic()};
  });
  return simulate::Outlets(std::move(by_type));
}

/// With what earlier runs told, before --output takes the place of any file.
Result<std::optional<KeptOracle>> open_oracle(const SimulateOptions& options,
                                              const simulate::SimulationSpec& spec) {
  if (options.oracle.empty()) return std::nullopt;
  KeptOracle kept(options.oracle);
  if (options.continue_oracle) SDP_RETURN_IF_ERROR(kept.go_on(spec));
  return kept;
}

Result<int> describe(const SimulateOptions& options) {
  SDP_TRY(const auto behaviour, behaviour_of(options.simulation));
  print_out("{}", simulate::described(behaviour));
  return 0;
}

Result<int> run(const SimulateOptions& options, const Runtime& runtime) {
  SDP_TRY(const auto spec, finished_spec(options.simulation, runtime.clock));
  ProgramRegistry registry;
  // A record waits for so long until it is given up, and the loop with it where too many wait.
  metrics::Health health(options.log.kafka.delivery_timeout + kSettle, runtime.clock.steady_now());
  health.say(metrics::Readiness::opening);
  SDP_TRY(const auto monitor, monitor::Monitor::watch(options.listen, {registry, health, runtime.clock}));
  SDP_TRY(auto source, simulate::open_source(spec));
  SDP_TRY(auto labels, open_labels(options.labels_path));
  SDP_TRY(auto kept, open_oracle(options, spec));
  SDP_TRY(const auto targets, open_targets(options, runtime.clock));
  runtime.result.set("output", options.output);
  std::vector<std::string> topics;
  for (const Target& target : targets)
    if (target.log) topics.push_back(target.topic());
  runtime.result.set("topics", std::move(topics));
  // Before anything is sent.
  if (kept) SDP_RETURN_IF_ERROR(kept->begin(spec, {.by_type = options.topic_by_type}));
  SimulatePrinter printer(runtime.quiet || options.output == "-", records_to_come(spec));
  simulate::SimulateOptions how{.verbose = options.verbose, .threads = options.threads};
  // Lines have none, whatever a variable says.
  if (!options.writes_lines()) how.transactions = options.simulation.transactions;
  SimulateMeter meter(registry, &health, runtime.clock, printer);
  simulate::SimulateRunner runner(spec, *source, outlets_of(targets), runtime.clock, meter, how);
  if (kept) runner.tell(kept->oracle());
  if (labels) runner.label([&labels](std::string_view lines) { return labels->append(lines); });
  ControlFile control(options.control_path, {.rate = spec.rate, .faults = spec.faults.rates});
  if (!options.control_path.empty()) runner.steer([&control] { return control.look(); });
  SDP_TRY(const auto summary, runner.run(runtime.stop));
  runtime.work.records = summary.acked;
  runtime.result.set("produced", summary.produced);
  runtime.result.set("acked", summary.acked);
  runtime.result.set("aborted", summary.aborted);
  runtime.result.set("stopped", summary.stopped);
  if (labels) SDP_RETURN_IF_ERROR(labels->finish());
  runtime.result.set_unless_empty("labels", options.labels_path);
  if (kept) SDP_RETURN_IF_ERROR(kept->finish(summary));
  runtime.result.set_unless_empty("oracle", options.oracle);
  const double seconds = base::in_seconds(summary.elapsed);
  diag::log_event(
      "simulate.finished",
      {{"acked", summary.acked}, {"seconds", seconds}, {"per_second", per_second(summary.acked, seconds)}});
  return 0;
}

}  // namespace

void define_simulate(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<SimulateOptions>();
  auto& command = commands.add(
      commands.parser(), "simulate", "Produce listening events to Kafka",
      "  spotify-pipeline simulate --rate 2                       two events a second, each printed\n"
      "  spotify-pipeline simulate --mix realistic --events 1000  a thousand at once\n"
      "  spotify-pipeline simulate --fault all=0.01               with bad records of every kind among them\n"
      "  spotify-pipeline simulate --events 10 --output -         lines of JSON, without Kafka\n"
      "  spotify-pipeline simulate --rate 100 --listen 127.0.0.1:9108     metrics and health at that "
      "address");
  command.parser().footer(command.parser().get_footer() + "\n\n" + fault_help());
  bind_log(command, options->log);
  bind_new_topic(command, options->log);
  command.bind("simulation.topic-by-type", options->topic_by_type);
  bind_services(command, options->services);
  command.bind("kafka.delivery-timeout-ms", options->log.kafka.delivery_timeout);
  bind_simulation(command, options->simulation, "--mix,--profile");
  command.bind("simulation.verbose", options->verbose);
  command.bind("simulation.oracle", options->oracle);
  command.bind("simulation.continue-oracle", options->continue_oracle);
  command.bind("simulation.describe", options->describe);
  command.bind("simulation.labels", options->labels_path);
  command.bind("simulation.control", options->control_path);
  command.bind("simulation.threads", options->threads);
  command.bind("simulation.output", options->output);
  command.bind("metrics.file", options->metrics_file);
  command.bind("metrics.listen", options->listen);
  command.bind("metrics.probe", options->probe);
  command.bind("sink.value-bytes-max", options->simulation.spec.faults.value_bytes_max);
  command.when_chosen([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      if (options->describe) return describe(*options);
      if (options->probe) return print_readiness(options->listen, "the simulation");
      SDP_RETURN_IF_ERROR(check_simulation_flags(command, options->simulation));
      SDP_RETURN_IF_ERROR(check_output_flags(command, options->output));
      SDP_RETURN_IF_ERROR(check_distinct_files({{"--behaviour", options->simulation.behaviour},
                                                {"--control", options->control_path},
                                                {"--labels", options->labels_path},
                                                {"--metrics-file", options->metrics_file},
                                                {"--oracle", options->oracle},
                                                {"--output", options->output}}));
      if (options->continue_oracle && options->oracle.empty())
        return fail(ErrorKind::misconfigured,
                    "--continue-oracle needs the file to go on with: --oracle FILE");
      return run(*options, runtime);
    };
  });
}

}  // namespace sdp::cli
