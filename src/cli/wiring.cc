#include "cli/wiring.h"

#include <fmt/core.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <random>
#include <ranges>
#include <string_view>
#include <utility>

#include "cli/data_dir.h"
#include "cli/forget_mark.h"
#include "diag/log.h"
#include "local/credentials.h"
#include "local/endpoints.h"
#include "log/kafka/kafka_log.h"
#include "settings/place.h"
#include "store/directory/directory_store.h"
#include "store/prefixed_store.h"
#include "store/s3/access.h"
#include "store/s3/s3_store.h"
#include "warehouse/duckdb/duckdb_warehouse.h"
#include "warehouse/snowflake/snowflake_warehouse.h"

namespace sdp::cli {
namespace {

// Where `spotify-services up` starts them unless told otherwise.
constexpr const char* kKafkaDefault = "127.0.0.1:9092";
constexpr const char* kS3Default = "http://127.0.0.1:9002";

/// Whether `port`, where the broker has one, is one.
bool has_port(std::string_view broker) {
  const auto colon = broker.rfind(':');
  // Without a port it is the usual one. More colons are of an address of IPv6 outside of brackets.
  if (colon == std::string_view::npos || broker.ends_with(']')) return true;
  if (broker.find(':') != colon && !broker.starts_with('[')) return true;
  const std::string_view text = broker.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0;
}

/// librdkafka takes a scheme for a protocol, and the rest of a port that is too large for a port, and waits
/// in vain for a broker there.
Result<void> check_brokers(const std::string& brokers) {
  bool has_some = false;
  bool are_sound = true;
  for (const auto part : std::views::split(brokers, ',')) {
    std::string_view broker(part.begin(), part.end());
    while (broker.starts_with(' ')) broker.remove_prefix(1);
    while (broker.ends_with(' ')) broker.remove_suffix(1);
    if (broker.empty()) continue;
    has_some = true;
    are_sound = are_sound && broker.find_first_of("/ ") == std::string_view::npos &&
                !broker.starts_with(':') && has_port(broker);
  }
  if (has_some && are_sound) return {};
  return fail(
      ErrorKind::misconfigured,
      fmt::format("Kafka brokers '{}': write them as HOST:PORT,HOST:PORT, with ports from 1 to 65535, "
                  "without a scheme or a path; --security-protocol sets the protocol",
                  brokers));
}

/// Settings with an endpoint, and what the local servers have for it.
struct Place {
  store::s3::S3Settings s3;
  store::s3::LocalServers local;
};

/// The endpoint that a setting names; nothing when none does.
std::optional<std::string> named_endpoint(const LakeSettings& settings) {
  const store::s3::AwsSettings& aws = settings.s3.aws;
  if (settings.endpoint) return settings.endpoint;
  if (!aws.s3_endpoint.empty()) return aws.s3_endpoint;
  return aws.endpoint.empty() ? std::nullopt : std::optional(aws.endpoint);
}

Result<Place> place_of(const LakeSettings& settings, const ServicesSettings& services, std::string bucket) {
  Place place{.s3 = settings.s3,
              .local = {.place = fmt::format("credentials.env of --services-data {}", services.data)}};
  place.s3.bucket = std::move(bucket);
  const auto named = named_endpoint(settings);
  const auto url = store::s3::parse_url(named.value_or(kS3Default));
  if (named) place.s3.endpoint = *named;
  if (!url || !url->is_loopback()) return place;
  SDP_TRY(const auto endpoints, local::read_endpoints(services.data));
  const std::string local_endpoint = endpoints ? endpoints->s3_url : kS3Default;
  if (!named) place.s3.endpoint = local_endpoint;
  const auto local_url = store::s3::parse_url(local_endpoint);
  place.local.are_meant = !named || (local_url && store::s3::is_same_server(*url, *local_url));
  if (!place.s3.keys.access_key.empty() || !place.s3.keys.secret_key.empty()) return place;
  SDP_TRY(const auto stored, local::load_credentials(services.data));
  if (stored) {
    place.local.credentials =
        store::s3::Credentials{.access_key = stored->access_key, .secret_key = stored->secret_key};
  }
  return place;
}

Result<Lake> open_s3(const LakeSettings& settings, const ServicesSettings& services,
                     const settings::BucketAddress& address, Clock& clock) {
  SDP_TRY(Place place, place_of(settings, services, address.bucket));
  SDP_TRY(auto access, store::s3::find_access(place.s3, place.local, clock));
  place.s3.region = std::move(access.region);
  SDP_TRY(auto s3_store, store::s3::S3Store::open(std::move(place.s3), std::move(access.credentials), clock,
                                                  Rng(std::random_device()())));
  // By its endpoint, since any vendor's may stand there; a sink finds out more.
  std::string name = s3_store->endpoint();
  std::unique_ptr<store::ObjectStore> store = std::move(s3_store);
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

Result<std::unique_ptr<log::EventLog>> open_kafka(const LogSettings& given,
                                                  const ServicesSettings& services) {
  SDP_TRY(const LogSettings settings, with_address(given, services));
  SDP_TRY(auto log, log::kafka::KafkaLog::open(settings.kafka, settings.topic.name));
  return std::unique_ptr<log::EventLog>(std::move(log));
}

Result<bool> ensure_topic(log::EventLog& log, const log::TopicSpec& spec) {
  SDP_TRY(const bool created, log.ensure_topic(spec));
  if (created) return true;
  SDP_TRY(const log::TopicInfo found, log.describe());
  if (found.compression != spec.compression) {
    diag::log_event("topic.compression_kept", {{"topic", spec.name},
                                               {"compression", log::name(found.compression)},
                                               {"wanted", log::name(spec.compression)}});
  }
  return false;
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
  SDP_RETURN_IF_ERROR(check_duckdb_path(settings.place));
  SDP_RETURN_IF_ERROR(check_not_forgetting(settings));
  warehouse::duckdb::DuckDbOptions options = duckdb_options(settings);
  options.read_only = access == Access::read_only;
  SDP_TRY(auto warehouse, warehouse::DuckDbWarehouse::open(options, clock));
  return std::unique_ptr<warehouse::Warehouse>(std::move(warehouse));
}

}  // namespace sdp::cli
