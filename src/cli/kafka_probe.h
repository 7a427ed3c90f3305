#pragma once

#include <string>

#include "base/result.h"

namespace sdp::cli {

/// Asks the brokers for the cluster's metadata, within two seconds: success means that Kafka answers clients.
Result<void> probe_kafka(const std::string& bootstrap_servers);

}  // namespace sdp::cli
