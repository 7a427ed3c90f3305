#include "cli/settings.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <random>

#include "base/utc_time.h"

namespace sdp::cli {
namespace {

void add_millis(CLI::App& command, const std::string& flag, std::chrono::milliseconds& value,
                const std::string& help) {
  command
      .add_option_function<std::int64_t>(
          flag, [&value](const std::int64_t& millis) { value = std::chrono::milliseconds(millis); },
          help + " (default " + std::to_string(value.count()) + ")")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{86'400'000}));
}

}  // namespace

void add_log_options(CLI::App& command, LogSettings& settings) {
  command
      .add_option("--bootstrap-servers", settings.bootstrap_servers, "Kafka brokers, host:port[,host:port]")
      ->envname("KAFKA_BOOTSTRAP_SERVERS")
      ->default_str("those of --services-data, else 127.0.0.1:9092");
  command.add_option("--topic", settings.topic, "Topic")->envname("KAFKA_TOPIC")->capture_default_str();
  command.add_option("--partitions", settings.partitions, "Partitions, when the topic is created")
      ->envname("KAFKA_PARTITIONS")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command.add_option("--replication", settings.replication, "Replicas, when the topic is created")
      ->envname("KAFKA_REPLICATION")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  command.add_option("--group", settings.group, "Consumer group")
      ->envname("KAFKA_GROUP_ID")
      ->capture_default_str();
  command
      .add_option("--session-timeout-ms", settings.session_timeout_ms,
                  "How soon a silent group member loses its partitions")
      ->check(CLI::Range(1'000, 3'600'000))
      ->capture_default_str();
  command
      .add_option("--security-protocol", settings.security_protocol,
                  "plaintext, ssl, sasl_plaintext or sasl_ssl")
      ->envname("KAFKA_SECURITY_PROTOCOL")
      ->check(CLI::IsMember({"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"}))
      ->capture_default_str();
  command.add_option("--sasl-mechanism", settings.sasl_mechanism, "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
      ->envname("KAFKA_SASL_MECHANISM");
  command
      .add_option("--sasl-username", settings.sasl_username,
                  "SASL user; the password comes from KAFKA_SASL_PASSWORD")
      ->envname("KAFKA_SASL_USERNAME");
  command.add_option("--kafka-ca-file", settings.ca_file, "CA certificates for the brokers")
      ->envname("KAFKA_CA_FILE");
}

void add_lake_options(CLI::App& command, LakeSettings& settings) {
  command.add_option("--lake", settings.lake, "s3://bucket, or a directory")
      ->envname("SPOTIFY_LAKE")
      ->capture_default_str();
  command.add_option("--s3-endpoint", settings.endpoint, "S3 server")
      ->envname("S3_ENDPOINT")
      ->default_str("that of --services-data, else http://127.0.0.1:9000");
  command.add_option("--s3-region", settings.region, "S3 region")
      ->envname("S3_REGION")
      ->capture_default_str();
  command.add_option("--s3-ca-file", settings.ca_file, "CA certificates for the S3 server")
      ->envname("S3_CA_FILE");
  command.add_flag("--s3-virtual-host", settings.virtual_host_style,
                   "Address buckets as host names (AWS) instead of paths");
  command
      .add_option("--s3-retry-total-s", settings.retry_total_s,
                  "How long one request is tried again, seconds")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
}

void add_services_options(CLI::App& command, ServicesSettings& settings) {
  command
      .add_option("--services-data", settings.data,
                  "Folder of `spotify-services up`: its endpoints.json, and its credentials.env unless "
                  "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are in the environment")
      ->envname("SPOTIFY_SERVICES_DATA")
      ->capture_default_str();
}

void add_warehouse_options(CLI::App& command, WarehouseSettings& settings) {
  command
      .add_option(
          "--warehouse", settings.place,
          "DuckDB file, which must be named spotify_db.duckdb; or snowflake, with SNOWFLAKE_ACCOUNT and the "
          "like in the environment or .env")
      ->envname("SPOTIFY_WAREHOUSE")
      ->capture_default_str();
  command.add_option("--warehouse-memory", settings.memory_limit, "DuckDB memory limit")
      ->capture_default_str();
  command.add_option("--warehouse-threads", settings.threads, "DuckDB threads")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
}

void add_simulation_options(CLI::App& command, SimulationSettings& settings, const char* profile_flag) {
  simulate::SimulationSpec& spec = settings.spec;
  command
      .add_option(profile_flag, spec.profile,
                  "Event mix: seed (the original's six songs, uniform) or realistic (Zipf songs, sessions)")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, simulate::Profile>{{"seed", simulate::Profile::seed},
                                                   {"realistic", simulate::Profile::realistic}},
          CLI::ignore_case))
      ->default_str("seed");
  command
      .add_option("--seed", spec.seed,
                  "Same seed, settings and --start: same bytes; 0: another one each time")
      ->capture_default_str();
  command.add_option("--events", spec.events, "How many; 0: until stopped")->capture_default_str();
  command.add_option("--rate", spec.rate, "Events a second; 0: as fast as the log takes them")
      ->check(CLI::Range(0.0, simulate::kRateMax))
      ->capture_default_str();
  command.add_option("--users", spec.users, "Listeners; 0: the profile's own number")
      ->check(CLI::Range(std::uint32_t{0}, simulate::kUsersMax))
      ->capture_default_str();
  command
      .add_option_function<double>(
          "--duration",
          [&spec](const double& seconds) {
            spec.duration = std::chrono::milliseconds(std::llround(seconds * 1000));
          },
          "Seconds of event time; 0: no limit")
      ->check(CLI::Range(0.0, 3.2e9));
  command
      .add_option("--speed", spec.speed,
                  "Seconds of event time a second, 1: live; 0: not paced by event time")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--start", settings.start,
                     "Time of the first event, ISO-8601 UTC (default: so that the last is about now)");
}

Result<simulate::SimulationSpec> finished_spec(const SimulationSettings& settings, Clock& clock) {
  simulate::SimulationSpec spec = settings.spec;
  while (spec.seed == 0) spec.seed = std::random_device()();
  if (!settings.start.empty()) {
    const auto start = base::parse_iso(settings.start);
    if (!start)
      return fail(ErrorKind::misconfigured,
                  "--start " + settings.start + " is no time like 2026-02-15T17:52:36Z");
    spec.start = *start;
    return simulate::checked(spec);
  }
  spec.start = clock.utc_now();
  // Unpaced events are a millisecond apart, or as the listeners live; a start in the past keeps them out of
  // the future.
  if (spec.rate == 0 && spec.speed == 0 && spec.events > 0) {
    const bool realistic = spec.profile == simulate::Profile::realistic;
    const auto users = static_cast<double>(spec.users == 0 ? 1'000 : spec.users);
    constexpr double kEventsPerUserHour = 4;
    const double millis = spec.duration.count() > 0 ? static_cast<double>(spec.duration.count())
                          : realistic
                              ? static_cast<double>(spec.events) / (users * kEventsPerUserHour) * 3.6e6
                              : static_cast<double>(spec.events);
    constexpr double kYearMillis = 366.0 * 86'400'000;
    spec.start -= std::chrono::milliseconds(std::llround(std::min(millis, kYearMillis)));
  }
  return simulate::checked(spec);
}

void add_sink_options(CLI::App& command, sink::SinkOptions& options) {
  command
      .add_option("--batch-records", options.limits.records_max,
                  "Cut an object at this many records (the original: 10)")
      ->envname("SINK_BATCH_RECORDS")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  command.add_option("--batch-bytes", options.limits.bytes_max, "... at this many bytes of lines")
      ->check(CLI::Range(std::size_t{1}, std::size_t{256} << 20))
      ->capture_default_str();
  command
      .add_option("--buffer-bytes", options.limits.buffer_bytes_max,
                  "... when all batches together hold this many bytes")
      ->check(CLI::Range(std::size_t{1} << 20, std::size_t{64} << 30))
      ->capture_default_str();
  add_millis(command, "--batch-linger-ms", options.limits.linger, "... when its first record is this old");
  add_millis(command, "--batch-idle-ms", options.limits.idle, "... when its last record is this old");
  command.add_option("--compression", options.compression, "Of objects; laid down by the lake's first sink")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, lake::Compression>{{"none", lake::Compression::none},
                                                                           {"gzip", lake::Compression::gzip},
                                                                           {"zstd", lake::Compression::zstd}},
                                  CLI::ignore_case))
      ->envname("SINK_COMPRESSION");
  command.add_option("--upload-threads", options.upload_threads, "Uploads at the same time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command.add_option("--value-bytes-max", options.value_bytes_max, "Larger values become rejected lines")
      ->check(CLI::Range(std::size_t{1}, std::size_t{64} << 20))
      ->capture_default_str();
  add_millis(command, "--shutdown-ms", options.shutdown_max,
             "How long a stop may take to make everything durable");
  add_millis(command, "--hour-grace-ms", options.hour_grace,
             "How long after its end an hour of an idle partition is closed");
  add_millis(command, "--outage-ms", options.outage_max,
             "How long the log may be out of reach before giving up");
  command.add_flag_callback(
      "--allow-gap", [&options] { options.gaps = sink::GapPolicy::record; },
      "Record offsets that the log lost as a gap and go on, instead of stopping with exit 65");
}

}  // namespace sdp::cli
