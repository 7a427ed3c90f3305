#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>

#include "base/secret.h"

namespace sdp::log::kafka {

/// How to reach a cluster, and the limits of every client of it.
struct KafkaSettings {
  std::string bootstrap_servers = "127.0.0.1:9092";
  /// plaintext, ssl, sasl_plaintext or sasl_ssl. Certificates and host names are always verified.
  std::string security_protocol = "plaintext";
  std::string sasl_mechanism;
  std::string sasl_username;
  Secret sasl_password;
  /// CA certificates in PEM; empty means the system's.
  std::string ca_file;
  std::string client_id = "spotify-pipeline";
  /// More librdkafka properties, except those on which delivery and order rest: those are refused.
  std::map<std::string, std::string> extra;

  /// For every call that is not a send, poll or read.
  std::chrono::milliseconds call_timeout{10'000};
  /// How long a broker may leave a request unanswered before its connection is given up.
  std::chrono::milliseconds silence_max{15'000};
  /// How long a record may wait for its ack, retries included; also how long a send may wait for space.
  std::chrono::milliseconds delivery_timeout{120'000};
  std::chrono::milliseconds linger{10};
  std::string compression = "lz4";
  std::size_t producer_queue_bytes_max = std::size_t{64} << 20;
  std::size_t consumer_queue_bytes_max = std::size_t{64} << 20;
  std::size_t message_bytes_max = std::size_t{10} << 20;
};

}  // namespace sdp::log::kafka
