#include "cli/wiring.h"

#include <fmt/core.h>

#include <random>
#include <string_view>

#include "local/credentials.h"
#include "local/endpoints.h"
#include "log/kafka/kafka_log.h"
#include "settings/place.h"
#include "store/directory/directory_store.h"
#include "store/prefixed_store.h"
#include "store/s3/s3_store.h"
#include "warehouse/duckdb/duckdb_warehouse.h"
#include "warehouse/snowflake/snowflake_warehouse.h"

namespace sdp::cli {
namespace {

// Where `spotify-services up` starts them unless told otherwise.
constexpr const char* kKafkaDefault = "127.0.0.1:9092";
constexpr const char* kS3Default = "http://127.0.0.1:9002";

/// librdkafka takes a scheme for a protocol, and waits in vain for a broker of that name.
Result<void> check_brokers(const std::string& brokers) {
  if (!brokers.contains('/')) return {};
  return fail(ErrorKind::misconfigured,
              fmt::format("Kafka brokers '{}': they are HOST:PORT,HOST:PORT without a scheme or path; "
                          "--security-protocol says how they are talked to",
                          brokers));
}

Result<local::Credentials> s3_credentials(const LakeSettings& settings, const ServicesSettings& services) {
  const store::s3::S3Settings& s3 = settings.s3;
  if (!s3.access_key.empty() && !s3.secret_key.empty())
    return local::Credentials{s3.access_key, s3.secret_key};
  SDP_TRY(const auto stored, local::load_credentials(services.data));
  if (stored) return *stored;
  return fail(
      ErrorKind::misconfigured,
      fmt::format(
          "lake {}: no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or start servers with "
          "`spotify-services up` and name their folder with --services-data (now {})",
          settings.place, services.data));
}

Result<Lake> open_s3(const LakeSettings& given, const ServicesSettings& services,
                     const settings::BucketAddress& address, Clock& clock) {
  SDP_TRY(const LakeSettings settings, with_address(given, services));
  SDP_TRY(auto credentials, s3_credentials(settings, services));
  store::s3::S3Settings s3 = settings.s3;
  s3.bucket = address.bucket;
  s3.access_key = credentials.access_key;
  s3.secret_key = credentials.secret_key;
  // As people call the server: by its endpoint, since any vendor's may stand there.
  std::string name = s3.endpoint;
  SDP_TRY(std::unique_ptr<store::ObjectStore> store,
          store::s3::S3Store::open(std::move(s3), clock, Rng(std::random_device()())));
  if (!address.prefix.empty()) {
    SDP_TRY(store, store::PrefixedStore::open(std::move(store), address.prefix));
  }
  return Lake{std::move(store), std::move(name), address.bucket};
}

}  // namespace

Result<LogSettings> with_address(LogSettings settings, const ServicesSettings& services) {
  std::string& brokers = settings.kafka.bootstrap_servers;
  if (!brokers.empty()) {
    SDP_RETURN_IF_ERROR(check_brokers(brokers));
    return settings;
  }
  SDP_TRY(const auto endpoints, local::read_endpoints(services.data));
  brokers = endpoints ? endpoints->kafka_brokers : kKafkaDefault;
  return settings;
}

Result<LakeSettings> with_address(LakeSettings settings, const ServicesSettings& services) {
  if (!settings.s3.endpoint.empty()) return settings;
  SDP_TRY(const auto endpoints, local::read_endpoints(services.data));
  settings.s3.endpoint = endpoints ? endpoints->s3_url : kS3Default;
  return settings;
}

Result<std::unique_ptr<log::EventLog>> open_kafka(const LogSettings& given,
                                                  const ServicesSettings& services) {
  SDP_TRY(const LogSettings settings, with_address(given, services));
  SDP_TRY(auto log, log::kafka::KafkaLog::open(settings.kafka, settings.topic.name));
  return std::unique_ptr<log::EventLog>(std::move(log));
}

Result<Lake> open_lake(const LakeSettings& settings, const ServicesSettings& services, Clock& clock) {
  if (const auto bucket = settings::parse_bucket(settings.place))
    return open_s3(settings, services, *bucket, clock);
  SDP_TRY(auto store, store::DirectoryStore::open(settings.place, {}, clock));
  return Lake{std::move(store), "lake", settings.place};
}

Result<std::unique_ptr<warehouse::Warehouse>> open_warehouse(const WarehouseSettings& settings, Access access,
                                                             Clock& clock) {
  if (settings.is_snowflake()) {
    SDP_TRY(const auto snowflake, snowflake_options(settings));
    SDP_TRY(auto warehouse, warehouse::SnowflakeWarehouse::open(snowflake, clock));
    return std::unique_ptr<warehouse::Warehouse>(std::move(warehouse));
  }
  warehouse::duckdb::DuckDbOptions options = settings.duckdb;
  options.path = settings.place;
  options.read_only = access == Access::read_only;
  SDP_TRY(auto warehouse, warehouse::DuckDbWarehouse::open(options, clock));
  return std::unique_ptr<warehouse::Warehouse>(std::move(warehouse));
}

}  // namespace sdp::cli
