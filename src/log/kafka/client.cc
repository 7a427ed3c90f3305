#include "log/kafka/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "log/kafka/compression.h"

namespace sdp::log::kafka {
namespace {

using Properties = std::vector<Property>;

// Delivery, order and the meaning of positions rest on these.
constexpr std::array<std::string_view, 13> kReserved = {
    "acks",
    "request.required.acks",
    "enable.idempotence",
    "transactional.id",
    "partitioner",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "auto.offset.reset",
    "isolation.level",
    "enable.partition.eof",
    "check.crcs",
    "partition.assignment.strategy",
    "group.protocol",
};

std::string millis(std::chrono::milliseconds duration) {
  return std::to_string(duration.count());
}

Properties common_properties(const KafkaSettings& settings) {
  return {
      {"bootstrap.servers", settings.bootstrap_servers},
      {"client.id", "spotify-pipeline"},
      {"security.protocol", settings.security_protocol},
      {"message.max.bytes", std::to_string(kMessageBytesMax)},
      {"topic.metadata.refresh.interval.ms", millis(settings.metadata_refresh)},
      // A broker that comes back is found within seconds.
      {"reconnect.backoff.max.ms", "2000"},
      // One that fell silent, cable and all, is given up, and what was asked of it is asked of its successor.
      {"socket.timeout.ms", "15000"},
  };
}

Properties producer_properties(const KafkaSettings& settings) {
  return {
      {"acks", "all"},
      {"enable.idempotence", "true"},
      {"partitioner", "murmur2_random"},
      {kCompressionConfig, config_of_producer(settings.compression)},
      {"linger.ms", "10"},
      {"message.timeout.ms", millis(settings.delivery_timeout)},
      {"queue.buffering.max.kbytes", "65536"},
      {"queue.buffering.max.messages", "0"},
  };
}

/// What is fetched ahead, at most, in kilobytes.
constexpr const char* kQueuedMax = "16384";

Properties reading_properties() {
  return {
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      // A lost position must stop the reader: silently going on elsewhere loses or doubles records.
      {"auto.offset.reset", "error"},
      {"check.crcs", "true"},
      {"isolation.level", "read_committed"},
      // The default of 1 s leaves a fast reader waiting each time it has emptied its queue.
      {"fetch.queue.backoff.ms", "10"},
      {"queued.max.messages.kbytes", kQueuedMax},
      // With what librdkafka decodes at most of a response this bounds what a client holds.
      {"fetch.max.bytes", std::to_string(kFetchBytesMax)},
      // A batch that cannot be read is one of these errors, and thousands may follow each other.
      {"fetch.error.backoff.ms", "50"},
      // Only the broker knows whether the offsets behind the last record are records that are still to come.
      {"enable.partition.eof", "true"},
  };
}

Properties role_properties(Role role, const KafkaSettings& settings) {
  switch (role) {
    case Role::admin:
      return {};
    case Role::producer:
      return producer_properties(settings);
    case Role::consumer: {
      Properties properties = reading_properties();
      properties.emplace_back("partition.assignment.strategy", "cooperative-sticky");
      // Of a partition at a time. Less waits less long to be read, and is in the processor's cache yet; a
      // broker that is 50 ms away gives 5 MB/s of each partition.
      properties.emplace_back("fetch.message.max.bytes", "262144");
      properties.emplace_back("fetch.wait.max.ms", "100");
      return properties;
    }
    case Role::reader: {
      Properties properties = reading_properties();
      // What it is to read is there. A broker that waits for more holds up the next partition: a connection
      // has one fetch at a time.
      properties.emplace_back("fetch.wait.max.ms", "10");
      return properties;
    }
  }
  return {};
}

Result<void> set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  char reason[512];
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason, sizeof reason) == RD_KAFKA_CONF_OK)
    return {};
  // The reason may quote the value, which may be a secret.
  return fail(ErrorKind::misconfigured,
              fmt::format("Kafka setting {} is unknown or has a value it cannot take", name));
}

Result<void> set_all(rd_kafka_conf_t* conf, std::span<const Property> properties) {
  for (const auto& [name, value] : properties) SDP_RETURN_IF_ERROR(set(conf, name, value));
  return {};
}

Result<void> set_credentials(rd_kafka_conf_t* conf, const KafkaSettings& settings) {
  const Property credentials[] = {{"sasl.mechanism", settings.sasl_mechanism},
                                  {"sasl.username", settings.sasl_username},
                                  {"sasl.password", settings.sasl_password.reveal()},
                                  {"ssl.ca.location", settings.ca_file}};
  for (const auto& [name, value] : credentials) {
    if (!value.empty()) SDP_RETURN_IF_ERROR(set(conf, name, value));
  }
  return {};
}

// Values of these name programs and libraries that are run with our rights; a settings file must not be able
// to.
constexpr std::array<std::string_view, 4> kPrograms = {"plugin.library.paths", "sasl.kerberos.kinit.cmd",
                                                       "ssl.engine.location", "ssl.providers"};

// Values of these are secrets: they come from the environment or from files, never from a command line.
constexpr std::array<std::string_view, 5> kSecretWords = {"password", "secret", "token", ".pem",
                                                          "oauthbearer"};

bool is_secret(std::string_view name) {
  return std::ranges::any_of(kSecretWords, [&](std::string_view word) { return name.contains(word); });
}

Result<void> set_own(rd_kafka_conf_t* conf, const KafkaSettings& settings) {
  for (const auto& [name, value] : settings.properties) {
    if (std::ranges::find(kReserved, name) != kReserved.end()) {
      return fail(
          ErrorKind::misconfigured,
          fmt::format("Kafka setting {} must not be changed: records could be lost or reordered without it",
                      name));
    }
    if (std::ranges::find(kPrograms, name) != kPrograms.end()) {
      return fail(
          ErrorKind::misconfigured,
          fmt::format("Kafka setting {} names a program or a library to run, which no setting may", name));
    }
    if (is_secret(name)) {
      return fail(
          ErrorKind::misconfigured,
          fmt::format("Kafka setting {} may hold a secret, which must not be seen in a list of processes; "
                      "use KAFKA_SASL_PASSWORD",
                      name));
    }
    SDP_RETURN_IF_ERROR(set(conf, name, value));
  }
  return {};
}

ClientEvents& events_of(void* opaque) {
  return *static_cast<ClientEvents*>(opaque);
}

void set_callbacks(rd_kafka_conf_t* conf, Role role, ClientEvents& events) {
  rd_kafka_conf_set_opaque(conf, &events);
  // What its log lines tell comes by on_error too; a library does not write to the terminal.
  rd_kafka_conf_set_log_cb(conf, nullptr);
  rd_kafka_conf_set_error_cb(conf, [](rd_kafka_t*, int code, const char* reason, void* opaque) {
    events_of(opaque).on_error(static_cast<rd_kafka_resp_err_t>(code), reason);
  });
  if (role == Role::producer) {
    rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
      events_of(opaque).on_delivery(*message);
    });
  }
  if (role == Role::consumer) {
    rd_kafka_conf_set_rebalance_cb(
        conf, [](rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions,
                 void* opaque) { events_of(opaque).on_rebalance(code, partitions); });
    rd_kafka_conf_set_offset_commit_cb(
        conf, [](rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t*, void* opaque) {
          events_of(opaque).on_committed(code);
        });
  }
}

}  // namespace

void ClientEvents::on_error(rd_kafka_resp_err_t code, const char* reason) {
  // "1/1 brokers are down" would hide the reason that came before it.
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;
  std::lock_guard lock(mutex_);
  last_reason_ = reason == nullptr ? "" : reason;
}

std::string ClientEvents::last_reason() const {
  std::lock_guard lock(mutex_);
  return last_reason_;
}

Result<ClientHandle> open_client(Role role, const KafkaSettings& settings, ClientEvents& events,
                                 std::span<const Property> properties) {
  ConfHandle conf(rd_kafka_conf_new());
  SDP_RETURN_IF_ERROR(set_all(conf.get(), common_properties(settings)));
  SDP_RETURN_IF_ERROR(set_all(conf.get(), role_properties(role, settings)));
  SDP_RETURN_IF_ERROR(set_own(conf.get(), settings));
  SDP_RETURN_IF_ERROR(set_credentials(conf.get(), settings));
  SDP_RETURN_IF_ERROR(set_all(conf.get(), properties));
  set_callbacks(conf.get(), role, events);

  const bool reads = role == Role::consumer || role == Role::reader;
  char reason[512];
  rd_kafka_t* client =
      rd_kafka_new(reads ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf.get(), reason, sizeof reason);
  if (client == nullptr) {
    return fail(ErrorKind::misconfigured, fmt::format("Kafka at {}: the settings do not fit together: {}",
                                                      settings.bootstrap_servers, reason));
  }
  // The client owns its configuration now.
  static_cast<void>(conf.release());
  return ClientHandle(client);
}

}  // namespace sdp::log::kafka
