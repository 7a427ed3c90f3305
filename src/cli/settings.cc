#include "cli/settings.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <random>

#include "base/terminal_text.h"
#include "base/utc_time.h"
#include "cli/data_dir.h"
#include "cli/fault_rates.h"
#include "cli/forget_mark.h"
#include "lake/hour_marker.h"
#include "local/deps.h"
#include "mapping/compile.h"
#include "mapping/parse.h"
#include "os/files.h"
#include "os/memory.h"
#include "settings/place.h"
#include "transform/kept_parse.h"

namespace sdp::cli {
namespace {

namespace fs = std::filesystem;

fs::path project_beside(const fs::path& deps) {
  return fs::absolute(deps).lexically_normal().parent_path() / "spotify_dbt";
}

/// Where a mapping's file is: a bare name is one of those that come with the program.
Result<fs::path> mapping_path(const std::string& name, const std::string& deps_setting) {
  fs::path path(name);
  if (path.has_parent_path() || path.has_extension()) return path;
  SDP_TRY(const fs::path deps, local::find_deps(deps_setting));
  return fs::absolute(deps).lexically_normal().parent_path() / "mappings" / (name + ".toml");
}

/// Refused before anything is done: dbt would end without a cause when all events are in the lake.
Result<void> check_dbt_path(const fs::path& path) {
  // A path that is none says that there is no such file.
  if (path.empty() || base::is_utf8(fs::absolute(path).native())) return {};
  return fail(ErrorKind::misconfigured,
              fmt::format("the path {} is not UTF-8, as dbt wants it; choose a folder whose path is",
                          base::printable(fs::absolute(path).native())));
}

/// Refuses the first flag for whose setting `is_unread` says so.
Result<void> refuse_flags(const settings::Command& command, std::string_view why,
                          const std::function<bool(const settings::Setting&)>& is_unread) {
  for (const settings::BoundSetting& bound : command.settings()) {
    if (bound.origin.kind != settings::Origin::Kind::flag || !is_unread(*bound.setting)) continue;
    return fail(ErrorKind::misconfigured,
                fmt::format("{} has no effect here, because {}; leave it out", bound.origin.where, why));
  }
  return {};
}

/// Whether nothing but --days says when events happen.
bool is_spread(const SimulationSettings& simulation) {
  const simulate::SimulationSpec& spec = simulation.spec;
  return simulation.start.empty() && spec.events > 0 && spec.duration.count() == 0 && spec.rate == 0 &&
         spec.speed == 0;
}

void bind_aws(settings::Command& command, store::s3::AwsSettings& aws) {
  command.bind("aws.region", aws.region);
  command.bind("aws.default-region", aws.default_region);
  command.bind("aws.s3-endpoint", aws.s3_endpoint);
  command.bind("aws.sts-endpoint", aws.sts_endpoint);
  command.bind("aws.endpoint", aws.endpoint);
  command.bind("aws.ca-bundle", aws.ca_bundle);
  command.bind("aws.profile", aws.profile);
  command.bind("aws.credentials-file", aws.credentials_file);
  command.bind("aws.config-file", aws.config_file);
  command.bind("aws.web-identity-token-file", aws.web_identity_token_file);
  command.bind("aws.role", aws.role_arn);
  command.bind("aws.role-session-name", aws.role_session_name);
  command.bind("aws.container-path", aws.container_path);
  command.bind("aws.container-url", aws.container_url);
  command.bind("aws.container-token", aws.container_token);
  command.bind("aws.container-token-file", aws.container_token_file);
  command.bind("aws.metadata-disabled", aws.without_metadata);
  command.bind("aws.metadata-endpoint", aws.metadata_endpoint);
}

}  // namespace

Result<void> check_lake_flags(const settings::Command& command, const LakeSettings& lake) {
  if (settings::parse_bucket(lake.place)) return {};
  return refuse_flags(command, fmt::format("the lake {} is a directory", lake.place),
                      [](const settings::Setting& setting) { return setting.name.starts_with("lake.s3-"); });
}

Result<void> check_warehouse_flags(const settings::Command& command, const WarehouseSettings& warehouse) {
  if (!warehouse.is_snowflake()) return {};
  return refuse_flags(command, "the warehouse is Snowflake, which manages its own memory",
                      [](const settings::Setting& setting) { return setting.name == "warehouse.memory"; });
}

Result<WarehouseSettings> finished_warehouse(const settings::Command& command, std::string_view data,
                                             WarehouseSettings warehouse) {
  if (!data.empty()) {
    if (command.find("warehouse.place")->origin.kind == settings::Origin::Kind::flag) {
      return fail(ErrorKind::misconfigured,
                  "--data and --warehouse both say where the warehouse is; leave one of them out");
    }
    warehouse.place = embedded_warehouse(data);
  }
  SDP_RETURN_IF_ERROR(check_warehouse_flags(command, warehouse));
  return warehouse;
}

Result<void> check_embedded_flags(const settings::Command& command, std::string_view data) {
  return refuse_flags(
      command, fmt::format("--data {} is an embedded run, with a log and a lake of its own", data),
      [](const settings::Setting& setting) {
        return setting.group == settings::Group::kafka || setting.group == settings::Group::lake;
      });
}

Result<void> check_topic_flags(const settings::Command& command, std::string_view profile) {
  if (profile == "services") return {};
  return refuse_flags(
      command, "an embedded run has a log in its own memory",
      [](const settings::Setting& setting) { return setting.name == "kafka.topic-compression"; });
}

Result<void> check_live_flags(const settings::Command& command, bool live) {
  if (live) return {};
  return refuse_flags(command, "only a run with --live serves pages; `serve` shows what a run has left",
                      [](const settings::Setting& setting) { return setting.name.starts_with("serve."); });
}

Result<void> check_import_flags(const settings::Command& command, bool is_import) {
  if (!is_import) {
    return refuse_flags(
        command, "the events are simulated; --import names an export",
        [](const settings::Setting& setting) { return setting.group == settings::Group::history; });
  }
  SDP_RETURN_IF_ERROR(refuse_flags(command, "the events are those of --import, each with its own time",
                                   [](const settings::Setting& setting) {
                                     return setting.group == settings::Group::simulation ||
                                            setting.name == "run.live" || setting.name == "run.oracle";
                                   }));
  return refuse_flags(
      command,
      "--import takes the embedded profile; on servers, `import` produces to Kafka, and `sink`, "
      "`load` and `transform` do the rest",
      [](const settings::Setting& setting) { return setting.name == "run.profile"; });
}

Result<void> check_flow_flags(const settings::Command& command, bool flow) {
  if (flow) return {};
  return refuse_flags(
      command, "only the pages of `serve --flow` look at log and lake", [](const settings::Setting& setting) {
        return setting.group == settings::Group::kafka || setting.group == settings::Group::lake ||
               setting.group == settings::Group::sink || setting.group == settings::Group::dbt;
      });
}

Result<void> check_sample_flags(const settings::Command& command, bool log, bool lake) {
  return refuse_flags(command, "only --topic and --lake take records from servers",
                      [&](const settings::Setting& setting) {
                        // The address of the brokers is there, too.
                        if (setting.name == "services.data") return !log && !lake;
                        return (setting.group == settings::Group::kafka && !log) ||
                               (setting.group == settings::Group::lake && !lake);
                      });
}

Result<void> check_output_flags(const settings::Command& command, std::string_view output) {
  if (output == kOutputKafka) return {};
  if (output == "-" && was_set(command, "output.json")) {
    return fail(
        ErrorKind::misconfigured,
        "--output - writes lines to standard output, where --json tells the result; write the lines to a "
        "file, or leave one of them out");
  }
  return refuse_flags(command, fmt::format("--output {} writes lines, and no broker is asked", output),
                      [](const settings::Setting& setting) {
                        return setting.group == settings::Group::kafka || setting.name == "services.data" ||
                               setting.needs_log;
                      });
}

Result<void> check_distinct_files(const std::vector<std::pair<std::string_view, std::string>>& files) {
  std::map<fs::path, std::string_view> flags;
  for (const auto& [flag, name] : files) {
    if (name.empty() || name == "-" || name == kOutputKafka) continue;
    std::error_code error;
    const fs::path absolute = fs::absolute(name).lexically_normal();
    const fs::path found = fs::weakly_canonical(absolute, error);
    const auto [other, is_new] = flags.emplace(error ? absolute : found, flag);
    if (is_new) continue;
    return fail(ErrorKind::misconfigured,
                fmt::format("{} and {} name the same file {}; name two", other->second, flag, name));
  }
  return {};
}

Result<void> check_simulation_flags(const settings::Command& command, const SimulationSettings& simulation) {
  if (simulation.days > 0 && !is_spread(simulation)) {
    SDP_RETURN_IF_ERROR(
        refuse_flags(command,
                     "only a number of --events can be spread over days, and only without --start, "
                     "--duration, --rate and --speed",
                     [](const settings::Setting& setting) { return setting.name == "simulation.days"; }));
  }
  if (simulation.transactions.aborted > 0 && !simulation.transactions.any()) {
    return fail(ErrorKind::misconfigured,
                "--aborted is a share of the transactions, and there are none; add --transactions RATE");
  }
  const simulate::Profile mix = simulation.spec.profile;
  if (mix == simulate::Profile::seed) {
    SDP_RETURN_IF_ERROR(
        refuse_flags(command, "only --mix realistic and --mix listeners have a catalogue",
                     [](const settings::Setting& setting) { return setting.name == "simulation.songs"; }));
  }
  if (mix != simulate::Profile::realistic) {
    SDP_RETURN_IF_ERROR(refuse_flags(
        command, "only --mix realistic goes by it; of --mix listeners it is a part of --behaviour",
        [](const settings::Setting& setting) { return setting.name == "simulation.popularity"; }));
  }
  if (mix == simulate::Profile::listeners) return {};
  return refuse_flags(
      command, "only listeners of --mix listeners behave by it",
      [](const settings::Setting& setting) { return setting.name == "simulation.behaviour"; });
}

void bind_log(settings::Command& command, LogSettings& log) {
  command.bind("kafka.bootstrap-servers", log.kafka.bootstrap_servers);
  command.bind("kafka.topic", log.topic.name);
  command.bind("kafka.security-protocol", log.kafka.security_protocol);
  command.bind("kafka.sasl-mechanism", log.kafka.sasl_mechanism);
  command.bind("kafka.sasl-username", log.kafka.sasl_username);
  command.bind("kafka.sasl-password", log.kafka.sasl_password);
  command.bind("kafka.ca-file", log.kafka.ca_file);
  command.bind("kafka.metadata-refresh-ms", log.kafka.metadata_refresh);
  command.bind("kafka.call-timeout-ms", log.kafka.call_timeout);
  command.bind("kafka.properties", log.kafka.properties);
}

void bind_new_topic(settings::Command& command, LogSettings& log) {
  command.bind("kafka.partitions", log.topic.partitions);
  command.bind("kafka.replication", log.topic.replication);
  bind_topic_compression(command, log.topic.compression);
}

void bind_topic_compression(settings::Command& command, log::TopicCompression& compression) {
  command.bind("kafka.topic-compression", compression,
               {{"none", log::TopicCompression::none},
                {"gzip", log::TopicCompression::gzip},
                {"snappy", log::TopicCompression::snappy},
                {"lz4", log::TopicCompression::lz4},
                {"zstd", log::TopicCompression::zstd},
                {"producer", log::TopicCompression::producer}});
}

void bind_lake(settings::Command& command, LakeSettings& lake) {
  store::s3::S3Settings& s3 = lake.s3;
  command.bind("lake.place", lake.place);
  command.bind_as<std::string>(
      "lake.s3-endpoint", [&lake] { return lake.endpoint.value_or(""); },
      [&lake](std::string endpoint) { lake.endpoint = std::move(endpoint); });
  command.bind("lake.s3-region", s3.region);
  command.bind("lake.s3-ca-file", s3.ca_file);
  command.bind_as<bool>(
      "lake.s3-virtual-host", [&s3] { return !s3.path_style.value_or(true); },
      [&s3](bool wanted) { s3.path_style = wanted ? std::optional(false) : std::nullopt; });
  command.bind("lake.s3-timeout-ms", s3.total_timeout);
  command.bind("lake.s3-retry-total-s", s3.retry.total_max);
  command.bind("lake.access-key", s3.keys.access_key);
  command.bind("lake.secret-key", s3.keys.secret_key);
  command.bind("lake.session-token", s3.keys.session_token);
  bind_aws(command, s3.aws);
  command.bind("testing.s3-retry-delay-max-ms", s3.retry.delay_max);
}

void bind_services(settings::Command& command, ServicesSettings& services) {
  command.bind("services.data", services.data);
}

void bind_warehouse(settings::Command& command, WarehouseSettings& warehouse) {
  command.bind("warehouse.place", warehouse.place);
  bind_warehouse_limits(command, warehouse);
  bind_snowflake(command, warehouse);
}

void bind_warehouse_limits(settings::Command& command, WarehouseSettings& warehouse) {
  command.bind("warehouse.memory", warehouse.memory);
  command.bind("warehouse.threads", warehouse.threads);
}

void bind_snowflake(settings::Command& command, WarehouseSettings& warehouse) {
  warehouse::snowflake::SnowflakeOptions& snowflake = warehouse.snowflake;
  command.bind("snowflake.account", snowflake.account);
  command.bind("snowflake.user", snowflake.user);
  command.bind("snowflake.password", snowflake.password);
  command.bind("snowflake.private-key-file", snowflake.private_key_file);
  command.bind("snowflake.private-key-passphrase", snowflake.private_key_passphrase);
  command.bind("snowflake.role", snowflake.role);
  command.bind("snowflake.warehouse", snowflake.warehouse);
  command.bind("snowflake.database", snowflake.database);
  command.bind("snowflake.host", snowflake.host);
  command.bind("snowflake.port", snowflake.port);
  command.bind("snowflake.protocol", snowflake.protocol);
  command.bind("snowflake.driver", snowflake.driver_path);
  command.bind("dbt.deps", warehouse.deps);
  command.bind("testing.snowflake-login-timeout-s", snowflake.login_timeout);
  command.bind("testing.snowflake-request-timeout-s", snowflake.request_timeout);
  command.bind("testing.snowflake-retry-delay-max-ms", snowflake.retry.delay_max);
}

void bind_simulation(settings::Command& command, SimulationSettings& simulation, std::string_view mix_flags) {
  simulate::SimulationSpec& spec = simulation.spec;
  command.bind("simulation.mix", spec.profile,
               {{"seed", simulate::Profile::seed},
                {"realistic", simulate::Profile::realistic},
                {"listeners", simulate::Profile::listeners}},
               {.flags = mix_flags});
  command.bind("simulation.seed", spec.seed);
  command.bind("simulation.events", spec.events);
  command.bind("simulation.rate", spec.rate);
  command.bind("simulation.users", spec.users);
  command.bind("simulation.songs", spec.songs);
  command.bind("simulation.popularity", spec.popularity_exponent);
  command.bind("simulation.behaviour", simulation.behaviour);
  command.bind("simulation.duration-s", spec.duration);
  command.bind("simulation.speed", spec.speed);
  command.bind("simulation.start", simulation.start);
  command.bind("simulation.days", simulation.days);
  command.bind("simulation.faults", simulation.faults);
  command.bind("simulation.transactions", simulation.transactions.used);
  command.bind("simulation.aborted", simulation.transactions.aborted);
}

void bind_sink(settings::Command& command, sink::SinkOptions& sink) {
  command.bind("sink.batch-records", sink.limits.records_max);
  command.bind("sink.batch-bytes", sink.limits.bytes_max);
  command.bind("sink.buffer-bytes", sink.limits.buffer_bytes_max);
  command.bind("sink.batch-max-wait-s", sink.limits.max_wait);
  command.bind("sink.batch-linger-ms", sink.limits.linger);
  command.bind("sink.batch-idle-ms", sink.limits.idle);
  command.bind("sink.compression", sink.compression,
               {{"none", lake::Compression::none},
                {"gzip", lake::Compression::gzip},
                {"zstd", lake::Compression::zstd}});
  command.bind("sink.upload-threads", sink.upload_threads);
  command.bind("sink.value-bytes-max", sink.value_bytes_max);
  command.bind("sink.shutdown-ms", sink.shutdown_max);
  command.bind("sink.hour-grace-ms", sink.hour_grace);
  command.bind("sink.outage-ms", sink.outage_max);
  command.bind_as<bool>(
      "sink.allow-gap", [&sink] { return sink.gaps == sink::GapPolicy::record; },
      [&sink](bool allowed) { sink.gaps = allowed ? sink::GapPolicy::record : sink::GapPolicy::stop; });
  command.bind("testing.sink-others-late-ms", sink.timers.others_are_late);
  command.bind("testing.sink-others-check-ms", sink.timers.others_check_interval);
  command.bind("testing.sink-hour-check-ms", sink.timers.hour_check_interval);
  command.bind("testing.sink-hour-retry-ms", sink.timers.hour_retry_interval);
  command.bind("testing.sink-outage-poll-ms", sink.timers.outage_poll_interval);
}

void bind_pace(settings::Command& command, sink::SinkOptions& sink) {
  command.bind("sink.batch-records", sink.limits.records_max);
  command.bind("sink.batch-bytes", sink.limits.bytes_max);
  command.bind("sink.batch-max-wait-s", sink.limits.max_wait);
  command.bind("sink.batch-linger-ms", sink.limits.linger);
  command.bind("sink.batch-idle-ms", sink.limits.idle);
  command.bind("sink.hour-grace-ms", sink.hour_grace);
}

void bind_transform(settings::Command& command, TransformSettings& transform) {
  command.bind("dbt.project", transform.project);
  command.bind("dbt.unit-tests", transform.unit_tests);
  command.bind("dbt.verbose", transform.verbose);
  command.bind("dbt.timeout-s", transform.time_limit);
}

void bind_hours(settings::Command& command, HourSettings& hours) {
  command.bind("load.complete-hours", hours.complete);
  command.bind("load.to", hours.to);
}

void bind_other_lake(settings::Command& command, load::OtherLake& other_lake) {
  command.bind_as<bool>(
      "load.add-lake", [&other_lake] { return other_lake == load::OtherLake::add; },
      [&other_lake](bool add) { other_lake = add ? load::OtherLake::add : load::OtherLake::refuse; });
}

bool was_set(const settings::Command& command, std::string_view name) {
  const settings::BoundSetting* bound = command.find(name);
  return bound != nullptr && bound->origin.kind != settings::Origin::Kind::standard;
}

sink::BatchLimits finished_limits(const settings::Command& command, sink::BatchLimits limits) {
  sink::prefer_size(limits,
                    {.size = was_set(command, "sink.batch-records") || was_set(command, "sink.batch-bytes"),
                     .linger = was_set(command, "sink.batch-linger-ms"),
                     .idle = was_set(command, "sink.batch-idle-ms"),
                     .max_wait = was_set(command, "sink.batch-max-wait-s")});
  return limits;
}

/// All keys with what is said of each are 20 KB.
constexpr std::size_t kBehaviourBytesMax = 256 << 10;

Result<simulate::Behaviour> behaviour_of(const SimulationSettings& settings) {
  if (settings.behaviour.empty()) return simulate::Behaviour{};
  const auto text = os::read_file(settings.behaviour, kBehaviourBytesMax);
  if (!text) return fail(ErrorKind::misconfigured, "--behaviour: " + text.error().message);
  if (!*text)
    return fail(ErrorKind::misconfigured,
                "--behaviour: " + settings.behaviour + " is not there; `simulate --describe` prints one");
  return simulate::behaviour_of(**text, settings.behaviour);
}

Result<simulate::SimulationSpec> finished_spec(const SimulationSettings& settings, Clock& clock) {
  simulate::SimulationSpec spec = settings.spec;
  SDP_TRY(spec.behaviour, behaviour_of(settings));
  while (spec.seed == 0) spec.seed = std::random_device()();
  SDP_TRY(spec.faults.rates, fault_rates(settings.faults));
  if (!settings.start.empty()) {
    const auto start = base::parse_iso(settings.start);
    if (!start)
      return fail(ErrorKind::misconfigured,
                  "--start: '" + settings.start + "' is not a time like 2026-02-15T17:52:36Z");
    spec.start = *start;
    return simulate::checked(spec);
  }
  spec.start = clock.utc_now();
  // Paced events happen as they are sent. A start in the past keeps the others out of the future.
  if (spec.rate == 0 && spec.speed == 0 && spec.events > 0)
    spec = simulate::ending_at(spec, spec.start, is_spread(settings) ? settings.days : 0);
  return simulate::checked(spec);
}

Result<void> apply(const HourSettings& settings, lake_reader::HoursWanted& hours) {
  hours.complete = settings.complete || !settings.to.empty();
  if (settings.to.empty()) return {};
  hours.to = lake::parse_hour(settings.to);
  if (hours.to) return {};
  return fail(ErrorKind::misconfigured, "--to: '" + settings.to + "' is not an hour like 2026-02-15T17");
}

Result<transform::TransformOptions> transform_options(const TransformSettings& settings,
                                                      const WarehouseSettings& warehouse) {
  SDP_TRY(const fs::path deps, local::find_deps(warehouse.deps));
  transform::TransformOptions options;
  options.dbt_path = deps / "venv-dbt" / "bin" / "dbt";
  options.project_dir = settings.project.empty() ? project_beside(deps) : fs::path(settings.project);
  if (warehouse.is_snowflake()) {
    // Opened here too, so that what is missing is told in our words, not in dbt's.
    SDP_TRY(const auto snowflake, snowflake_options(warehouse));
    options.environment = {{"SDP_WAREHOUSE", "snowflake"},
                           {"SNOWFLAKE_ROLE", snowflake.role},
                           {"SNOWFLAKE_WAREHOUSE", snowflake.warehouse},
                           {"SNOWFLAKE_DATABASE", snowflake.database}};
  } else {
    SDP_RETURN_IF_ERROR(check_not_forgetting(warehouse));
    options.warehouse_path = fs::absolute(warehouse.place);
  }
  options.threads = warehouse.threads;
  options.memory_limit = memory_of(warehouse);
  SDP_TRY(const auto mapping, read_mapping(settings.mapping, warehouse.deps));
  if (mapping) {
    SDP_TRY(options.mapping_sql,
            mapping::compile(
                *mapping, warehouse.is_snowflake() ? mapping::Dialect::snowflake : mapping::Dialect::duckdb));
    options.mapping_digest = mapping::digest(*mapping);
  }
  options.work_dir = fs::absolute(settings.work_dir);
  options.cache_dir = transform::user_cache_dir();
  options.unit_tests = settings.unit_tests;
  options.time_limit = settings.time_limit;
  options.verbose = settings.verbose;
  for (const fs::path& path :
       {options.dbt_path, options.project_dir, options.work_dir, options.warehouse_path})
    SDP_RETURN_IF_ERROR(check_dbt_path(path));
  return options;
}

Result<std::optional<mapping::Mapping>> read_mapping(const std::string& name, const std::string& deps) {
  if (name.empty()) return std::nullopt;
  SDP_TRY(const fs::path path, mapping_path(name, deps));
  const auto text = os::read_file(path, mapping::kFileBytesMax);
  if (!text) return fail(ErrorKind::misconfigured, "the mapping: " + text.error().message);
  if (!*text) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("no mapping at {}; name a file, or one of those in the folder mappings", path.string()));
  }
  SDP_TRY(auto mapping, mapping::parse(**text, path.string()));
  return std::optional(std::move(mapping));
}

std::string memory_of(const WarehouseSettings& settings) {
  return settings.memory.empty() ? warehouse::duckdb::default_memory_limit(os::usable_memory())
                                 : settings.memory;
}

warehouse::duckdb::DuckDbOptions duckdb_options(const WarehouseSettings& settings) {
  warehouse::duckdb::DuckDbOptions options;
  options.path = settings.place;
  options.memory_limit = memory_of(settings);
  options.threads = settings.threads;
  return options;
}

Result<warehouse::snowflake::SnowflakeOptions> snowflake_options(const WarehouseSettings& settings) {
  warehouse::snowflake::SnowflakeOptions options = settings.snowflake;
  if (!options.driver_path.empty()) return options;
  SDP_TRY(const fs::path deps, local::find_deps(settings.deps));
  options.driver_path =
      fs::absolute(deps / "snowflake-driver" / "lib" / "libadbc_driver_snowflake.so").string();
  return options;
}

fs::path recounts_folder(const std::string& project, const WarehouseSettings& warehouse) {
  if (!project.empty()) return fs::path(project) / "recounts";
  const auto deps = local::find_deps(warehouse.deps);
  if (!deps) return {};
  const fs::path folder = project_beside(*deps) / "recounts";
  std::error_code unknown;
  return fs::is_directory(folder, unknown) ? folder : fs::path();
}

}  // namespace sdp::cli
