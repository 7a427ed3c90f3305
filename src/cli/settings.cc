#include "cli/settings.h"

#include <chrono>
#include <map>

namespace sdp::cli {
namespace {

void add_millis(CLI::App& command, const std::string& flag, std::chrono::milliseconds& value, const std::string& help) {
  command
      .add_option_function<std::int64_t>(
          flag, [&value](const std::int64_t& millis) { value = std::chrono::milliseconds(millis); },
          help + " (default " + std::to_string(value.count()) + ")")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{86'400'000}));
}

}  // namespace

void add_log_options(CLI::App& command, LogSettings& settings) {
  command.add_option("--bootstrap-servers", settings.bootstrap_servers, "Kafka brokers, host:port[,host:port]")
      ->envname("KAFKA_BOOTSTRAP_SERVERS")
      ->capture_default_str();
  command.add_option("--topic", settings.topic, "Topic")->envname("KAFKA_TOPIC")->capture_default_str();
  command.add_option("--partitions", settings.partitions, "Partitions, when the topic is created")
      ->envname("KAFKA_PARTITIONS")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command.add_option("--replication", settings.replication, "Replicas, when the topic is created")
      ->envname("KAFKA_REPLICATION")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  command.add_option("--group", settings.group, "Consumer group")->envname("KAFKA_GROUP_ID")->capture_default_str();
  command.add_option("--session-timeout-ms", settings.session_timeout_ms, "How soon a silent group member loses its partitions")
      ->check(CLI::Range(1'000, 3'600'000))
      ->capture_default_str();
  command.add_option("--security-protocol", settings.security_protocol, "plaintext, ssl, sasl_plaintext or sasl_ssl")
      ->envname("KAFKA_SECURITY_PROTOCOL")
      ->check(CLI::IsMember({"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"}))
      ->capture_default_str();
  command.add_option("--sasl-mechanism", settings.sasl_mechanism, "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
      ->envname("KAFKA_SASL_MECHANISM");
  command.add_option("--sasl-username", settings.sasl_username, "SASL user; the password comes from KAFKA_SASL_PASSWORD")
      ->envname("KAFKA_SASL_USERNAME");
  command.add_option("--kafka-ca-file", settings.ca_file, "CA certificates for the brokers")->envname("KAFKA_CA_FILE");
}

void add_lake_options(CLI::App& command, LakeSettings& settings) {
  command.add_option("--lake", settings.lake, "s3://bucket, or a directory")->envname("SPOTIFY_LAKE")->capture_default_str();
  command.add_option("--s3-endpoint", settings.endpoint, "S3 server")->envname("S3_ENDPOINT")->capture_default_str();
  command.add_option("--s3-region", settings.region, "S3 region")->envname("S3_REGION")->capture_default_str();
  command.add_option("--s3-ca-file", settings.ca_file, "CA certificates for the S3 server")->envname("S3_CA_FILE");
  command.add_flag("--s3-virtual-host", settings.virtual_host_style, "Address buckets as host names (AWS) instead of paths");
  command.add_option("--s3-retry-total-s", settings.retry_total_s, "How long one request is tried again, seconds")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  command
      .add_option("--credentials-file", settings.credentials_file,
                  "File of mode 0600 with AWS_ACCESS_KEY_ID=... and AWS_SECRET_ACCESS_KEY=...; those variables in the "
                  "environment come first, and data/services/credentials.env is looked at last")
      ->envname("SPOTIFY_CREDENTIALS_FILE");
}

void add_warehouse_options(CLI::App& command, WarehouseSettings& settings) {
  command.add_option("--warehouse", settings.path, "DuckDB file; must be named spotify_db.duckdb")
      ->envname("SPOTIFY_WAREHOUSE")
      ->capture_default_str();
  command.add_option("--warehouse-memory", settings.memory_limit, "DuckDB memory limit")->capture_default_str();
  command.add_option("--warehouse-threads", settings.threads, "DuckDB threads")->check(CLI::Range(1, 256))->capture_default_str();
}

void add_simulation_options(CLI::App& command, SimulationSettings& settings, const char* profile_flag) {
  command.add_option(profile_flag, settings.profile, "Event mix: seed (the original's six songs, uniform) or realistic (Zipf songs, sessions)")
      ->check(CLI::IsMember({"seed", "realistic"}))
      ->capture_default_str();
  command.add_option("--seed", settings.seed, "Same seed, settings and --start: same bytes")->capture_default_str();
  command.add_option("--events", settings.events, "How many; 0: until stopped")->capture_default_str();
  command.add_option("--rate", settings.rate, "Events a second; 0: as fast as the log takes them")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--users", settings.users, "Listeners")->check(CLI::Range(1, 100'000'000))->capture_default_str();
  command.add_option("--start", settings.start, "Time of the first event, ISO-8601 UTC (default: now)");
}

void add_sink_options(CLI::App& command, sink::SinkOptions& options) {
  command.add_option("--batch-records", options.limits.records_max, "Cut an object at this many records (the original: 10)")
      ->envname("SINK_BATCH_RECORDS")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  command.add_option("--batch-bytes", options.limits.bytes_max, "... at this many bytes of lines")
      ->check(CLI::Range(std::size_t{1}, std::size_t{256} << 20))
      ->capture_default_str();
  command.add_option("--buffer-bytes", options.limits.buffer_bytes_max, "... when all batches together hold this many bytes")
      ->check(CLI::Range(std::size_t{1} << 20, std::size_t{64} << 30))
      ->capture_default_str();
  add_millis(command, "--batch-linger-ms", options.limits.linger, "... when its first record is this old");
  add_millis(command, "--batch-idle-ms", options.limits.idle, "... when its last record is this old");
  command.add_option("--compression", options.compression, "Of objects; laid down by the lake's first sink")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, lake::Compression>{{"none", lake::Compression::none},
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
  add_millis(command, "--shutdown-ms", options.shutdown_max, "How long a stop may take to make everything durable");
  add_millis(command, "--outage-ms", options.outage_max, "How long the log may be out of reach before giving up");
  command.add_flag_callback(
      "--allow-gap", [&options] { options.gaps = sink::GapPolicy::record; },
      "Record offsets that the log lost as a gap and go on, instead of stopping with exit 65");
}

}  // namespace sdp::cli
