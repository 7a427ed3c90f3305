#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/text_table.h"
#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/standard_output.h"
#include "diag/log.h"
#include "local/credentials.h"
#include "local/deps.h"
#include "log/kafka/probe.h"
#include "services/airflow_secrets.h"
#include "services/services.h"

namespace sdp::cli {
namespace {

struct ServicesOptions {
  services::Settings settings;
  std::string deps;
  std::string s3_server = "minio";
  std::vector<std::string> parts;
  bool json = false;
};

bool is_named(const ServicesOptions& options, std::string_view part) {
  return std::ranges::find(options.parts, part) != options.parts.end();
}

Result<services::Services> open_services(const ServicesOptions& options, Clock& clock) {
  auto settings = options.settings;
  SDP_TRY(settings.s3_server, services::parse_s3_server(options.s3_server));
  settings.kafka_and_s3 = is_named(options, "kafka-s3");
  settings.airflow = is_named(options, "airflow");
  return services::Services(std::move(settings), log::kafka::probe, clock, [](std::string_view line) {
    diag::log_event("services.step", {{"message", line}});
  });
}

/// Only starting needs the programs; what runs is found and stopped without them.
Result<ServicesOptions> with_deps_found(ServicesOptions options) {
  SDP_TRY(options.settings.deps, local::find_deps(options.deps));
  options.settings.pipeline =
      std::filesystem::read_symlink("/proc/self/exe").replace_filename("spotify-pipeline");
  if (options.settings.dags.empty()) {
    const auto checkout = std::filesystem::absolute(options.settings.deps).lexically_normal().parent_path();
    options.settings.dags = checkout / "airflow" / "dags";
  }
  return options;
}

void print_json(const std::vector<services::ServiceStatus>& all) {
  nlohmann::ordered_json services = nlohmann::ordered_json::array();
  for (const auto& status : all) {
    services.push_back({{"role", status.role},
                        {"program", status.program},
                        {"health", name(status.health)},
                        {"pid", status.pid},
                        {"address", status.address}});
  }
  print_line({{"schema_version", 1}, {"services", std::move(services)}});
}

void print_table(const std::vector<services::ServiceStatus>& all) {
  base::TextTable table{.columns = {"SERVICE", "STATE", "PID", "ADDRESS"}, .rows = {}};
  for (const auto& status : all) {
    table.rows.push_back({status.program, std::string(name(status.health)),
                          status.pid == 0 ? std::string("-") : std::to_string(status.pid), status.address});
  }
  print_out("{}", base::format_table(table));
}

/// Settings of parts that are not started: `misconfigured` names the first flag that nothing would read.
Result<void> check_flags(const settings::Command& command, const ServicesOptions& options) {
  constexpr std::array<std::string_view, 3> kOfAirflow = {"services.airflow-port", "services.postgres-port",
                                                          "services.dags"};
  constexpr std::array<std::string_view, 5> kOfKafkaAndS3 = {"services.s3", "services.kafka-port",
                                                             "services.kafka-controller-port",
                                                             "services.s3-port", "services.s3-console-port"};
  for (const settings::BoundSetting& bound : command.settings()) {
    if (bound.origin.kind != settings::Origin::Kind::flag) continue;
    const std::string_view name = bound.setting->name;
    const bool is_of_airflow = std::ranges::find(kOfAirflow, name) != kOfAirflow.end();
    const bool is_of_the_others = std::ranges::find(kOfKafkaAndS3, name) != kOfKafkaAndS3.end();
    const std::string_view part = is_of_airflow ? "airflow" : "kafka-s3";
    if ((!is_of_airflow && !is_of_the_others) || is_named(options, part)) continue;
    return fail(
        ErrorKind::misconfigured,
        fmt::format("{} has no effect here, because {} is not started; name that part, or leave the flag out",
                    bound.origin.where, part));
  }
  return {};
}

using Statuses = std::vector<services::ServiceStatus>;

Result<Statuses> print_status(const services::Services& services, bool json) {
  SDP_TRY(auto all, services.status());
  json ? print_json(all) : print_table(all);
  return all;
}

int exit_code_of(const Statuses& all) {
  for (const auto& status : all) {
    if (status.health != services::Health::up) return kUnhealthy;
  }
  return 0;
}

Result<int> up(const ServicesOptions& options, const Runtime& runtime) {
  SDP_TRY(const auto found, with_deps_found(options));
  SDP_TRY(auto services, open_services(found, runtime.clock));
  SDP_RETURN_IF_ERROR(services.up(runtime.stop));
  if (is_named(found, "kafka-s3")) {
    diag::log_event("services.secret_file",
                    {{"member", "s3"}, {"path", local::credentials_path(found.settings.data).string()}});
  }
  if (is_named(found, "airflow")) {
    diag::log_event("services.secret_file",
                    {{"member", "airflow"},
                     {"url", fmt::format("http://127.0.0.1:{}", found.settings.airflow_port)},
                     {"path", services::airflow_passwords_path(found.settings.data / "airflow").string()}});
  }
  // Each was waited for; that one answers late just now does not make the start a failure.
  SDP_TRY(std::ignore, print_status(services, options.json));
  return 0;
}

Result<int> down(const ServicesOptions& options, const Runtime& runtime) {
  SDP_TRY(auto services, open_services(options, runtime.clock));
  SDP_RETURN_IF_ERROR(services.down());
  runtime.result.set("parts", options.parts);
  return 0;
}

Result<int> status(const ServicesOptions& options, const Runtime& runtime) {
  SDP_TRY(auto services, open_services(options, runtime.clock));
  SDP_TRY(const auto all, print_status(services, options.json));
  return exit_code_of(all);
}

void bind_data(settings::Command& command, ServicesOptions& options) {
  command.bind("services.data", options.settings.data, {.flags = "--data"});
}

/// What runs is told by what it was started with; this is where the rest would listen.
void bind_addresses(settings::Command& command, ServicesOptions& options) {
  command.bind("services.s3", options.s3_server);
  command.bind("services.kafka-port", options.settings.kafka_port);
  command.bind("services.s3-port", options.settings.s3_port);
  command.bind("services.airflow-port", options.settings.airflow_port);
  command.bind("services.postgres-port", options.settings.postgres_port);
}

/// What only a start needs.
void bind_start(settings::Command& command, ServicesOptions& options) {
  command.bind("dbt.deps", options.deps);
  command.bind("services.dags", options.settings.dags);
  command.bind("services.kafka-controller-port", options.settings.kafka_controller_port);
  command.bind("services.s3-console-port", options.settings.s3_console_port);
}

void add_parts(CLI::App& command, ServicesOptions& options, std::vector<std::string> unless_given,
               const char* help) {
  command.add_option("part", options.parts, help)->check(CLI::IsMember({"kafka-s3", "airflow"}));
  command.parse_complete_callback([&options, unless_given = std::move(unless_given)] {
    if (options.parts.empty()) options.parts = unless_given;
  });
}

}  // namespace

void define_services(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<ServicesOptions>();
  const auto define = [&](const char* name, const char* help, settings::Effect effect,
                          Result<int> (*run)(const ServicesOptions&, const Runtime&)) -> settings::Command& {
    auto& command = commands.add(commands.parser(), name, help, "", effect);
    bind_data(command, *options);
    command.when_chosen([options, run, &action] {
      action = [options, run](const Runtime& runtime) { return run(*options, runtime); };
    });
    return command;
  };
  using settings::Effect;
  auto& up_command =
      define("up", "Start the servers that do not run, and wait until all are healthy", Effect::writes, up);
  auto& down_command = define("down", "Stop the servers; their data stay", Effect::writes, down);
  auto& status_command = define(
      "status", "Show which servers run, where, and whether they are healthy; exits with 10 when one is not",
      Effect::only_reads, status);
  bind_addresses(up_command, *options);
  bind_start(up_command, *options);
  bind_addresses(status_command, *options);
  up_command.when_chosen([options, &up_command, &action] {
    action = [options, &up_command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_flags(up_command, *options));
      return up(*options, runtime);
    };
  });
  add_parts(up_command.parser(), *options, {"kafka-s3"},
            "What to start: kafka-s3 (default), airflow with its PostgreSQL");
  add_parts(down_command.parser(), *options, {"kafka-s3", "airflow"},
            "What to stop: kafka-s3, airflow (default: both)");
  for (auto* command : {&up_command, &status_command}) command->bind("output.json", options->json);
}

}  // namespace sdp::cli
