#pragma once

#include <chrono>
#include <map>
#include <string>

#include "base/secret.h"
#include "log/topic.h"

namespace sdp::log::kafka {

/// Of a record, in every client and in the topics that we create.
inline constexpr int kMessageBytesMax = 10 << 20;
/// Of one answer of a broker, as stored; at least one batch comes whatever its size.
inline constexpr int kFetchBytesMax = 16 << 20;

/// How to reach a cluster, and the limits of every client of it.
struct KafkaSettings {
  std::string bootstrap_servers;
  /// plaintext, ssl, sasl_plaintext or sasl_ssl. Certificates and host names are always verified.
  std::string security_protocol = "plaintext";
  std::string sasl_mechanism;
  std::string sasl_username;
  Secret sasl_password;
  /// CA certificates in PEM; empty means the system's.
  std::string ca_file;
  /// The topic's, for a producer.
  TopicCompression compression = TopicCompression::none;
  /// More properties of librdkafka, which go before our own choices (src/log/kafka/client.cc). Those on which
  /// delivery and order rest are refused, and so are secrets, which have fields of their own.
  std::map<std::string, std::string> properties;

  /// How often a client looks whether the topic has more partitions, and where they are.
  std::chrono::milliseconds metadata_refresh{10'000};
  /// For every call that is not a send, poll or read.
  std::chrono::milliseconds call_timeout{10'000};
  /// How long a record may wait for its ack, retries included; also how long a send may wait for space.
  std::chrono::milliseconds delivery_timeout{120'000};
};

}  // namespace sdp::log::kafka
