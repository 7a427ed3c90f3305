#pragma once

#include <string>

#include "base/result.h"

namespace sdp::log::kafka {

/// librdkafka's own version, such as "2.14.2".
std::string library_version();

/// Asks the brokers for the cluster's metadata, within two seconds: success means that Kafka answers clients.
Result<void> probe(const std::string& bootstrap_servers);

}  // namespace sdp::log::kafka
