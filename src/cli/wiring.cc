#include "cli/wiring.h"

#include <fmt/core.h>

#include <cstdlib>
#include <random>
#include <string_view>

#include "cli/snowflake_settings.h"
#include "local/credentials.h"
#include "local/endpoints.h"
#include "log/kafka/kafka_log.h"
#include "store/directory/directory_store.h"
#include "store/s3/s3_store.h"
#include "warehouse/duckdb/duckdb_warehouse.h"
#include "warehouse/snowflake/snowflake_warehouse.h"

namespace sdp::cli {
namespace {

// Where `spotify-services up` starts them unless told otherwise.
constexpr const char* kKafkaDefault = "127.0.0.1:9092";
constexpr const char* kS3Default = "http://127.0.0.1:9000";

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

Result<local::Credentials> s3_credentials(const LakeSettings& settings, const ServicesSettings& services) {
  local::Credentials credentials{from_environment("AWS_ACCESS_KEY_ID"),
                                 Secret(from_environment("AWS_SECRET_ACCESS_KEY"))};
  if (!credentials.access_key.empty() && !credentials.secret_key.empty()) return credentials;
  SDP_TRY(const auto stored, local::load_credentials(services.data));
  if (stored) return *stored;
  return fail(
      ErrorKind::misconfigured,
      fmt::format(
          "lake {}: no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or start servers with "
          "`spotify-services up` and name their folder with --services-data (now {})",
          settings.lake, services.data));
}

Result<Lake> open_s3(const LakeSettings& given, const ServicesSettings& services, std::string bucket,
                     Clock& clock) {
  SDP_TRY(const LakeSettings settings, with_address(given, services));
  SDP_TRY(auto credentials, s3_credentials(settings, services));
  store::s3::S3Settings s3;
  s3.endpoint = settings.endpoint;
  s3.region = settings.region;
  s3.bucket = bucket;
  s3.access_key = credentials.access_key;
  s3.secret_key = credentials.secret_key;
  s3.session_token = Secret(from_environment("AWS_SESSION_TOKEN"));
  s3.ca_file = settings.ca_file;
  if (settings.virtual_host_style) s3.path_style = false;
  s3.retry.attempts_max = 1'000;  // the total time is the limit that counts
  s3.retry.total_max = std::chrono::seconds(settings.retry_total_s);
  SDP_TRY(auto store, store::s3::S3Store::open(std::move(s3), clock, Rng(std::random_device()())));
  return Lake{std::move(store), "MinIO", std::move(bucket)};
}

}  // namespace

Result<LogSettings> with_address(LogSettings settings, const ServicesSettings& services) {
  if (!settings.bootstrap_servers.empty()) return settings;
  SDP_TRY(const auto endpoints, local::read_endpoints(services.data));
  settings.bootstrap_servers = endpoints ? endpoints->kafka_brokers : kKafkaDefault;
  return settings;
}

Result<LakeSettings> with_address(LakeSettings settings, const ServicesSettings& services) {
  if (!settings.endpoint.empty()) return settings;
  SDP_TRY(const auto endpoints, local::read_endpoints(services.data));
  settings.endpoint = endpoints ? endpoints->s3_url : kS3Default;
  return settings;
}

Result<std::unique_ptr<log::EventLog>> open_kafka(const LogSettings& given,
                                                  const ServicesSettings& services) {
  SDP_TRY(const LogSettings settings, with_address(given, services));
  log::kafka::KafkaSettings kafka;
  kafka.bootstrap_servers = settings.bootstrap_servers;
  kafka.security_protocol = settings.security_protocol;
  kafka.sasl_mechanism = settings.sasl_mechanism;
  kafka.sasl_username = settings.sasl_username;
  kafka.sasl_password = Secret(from_environment("KAFKA_SASL_PASSWORD"));
  kafka.ca_file = settings.ca_file;
  SDP_TRY(auto log, log::kafka::KafkaLog::open(std::move(kafka), settings.topic));
  return std::unique_ptr<log::EventLog>(std::move(log));
}

log::TopicSpec topic_spec(const LogSettings& settings) {
  log::TopicSpec spec;
  spec.name = settings.topic;
  spec.partitions = settings.partitions;
  spec.replication = settings.replication;
  return spec;
}

Result<Lake> open_lake(const LakeSettings& settings, const ServicesSettings& services, Clock& clock) {
  constexpr std::string_view kS3 = "s3://";
  if (settings.lake.starts_with(kS3)) {
    return open_s3(settings, services, settings.lake.substr(kS3.size()), clock);
  }
  SDP_TRY(auto store, store::DirectoryStore::open(settings.lake, {}, clock));
  return Lake{std::move(store), "lake", settings.lake};
}

Result<std::unique_ptr<warehouse::Warehouse>> open_warehouse(const WarehouseSettings& settings, Access access,
                                                             Clock& clock) {
  if (settings.is_snowflake()) {
    SDP_TRY(const auto snowflake, snowflake_options());
    SDP_TRY(auto warehouse, warehouse::SnowflakeWarehouse::open(snowflake, clock));
    return std::unique_ptr<warehouse::Warehouse>(std::move(warehouse));
  }
  warehouse::duckdb::DuckDbOptions options;
  options.path = settings.place;
  options.memory_limit = settings.memory_limit;
  options.threads = settings.threads;
  options.read_only = access == Access::read_only;
  SDP_TRY(auto warehouse, warehouse::DuckDbWarehouse::open(options, clock));
  return std::unique_ptr<warehouse::Warehouse>(std::move(warehouse));
}

}  // namespace sdp::cli
