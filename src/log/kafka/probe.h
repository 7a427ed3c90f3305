#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sdp::log::kafka {

/// librdkafka's own version, such as "2.14.2".
std::string library_version();

/// What does not hold with the librdkafka of the system, which lacks our patch, as a clause; empty with ours.
std::string_view missing_in_library();

/// Asks the brokers for the cluster's metadata, within two seconds: success means that Kafka answers clients.
Result<void> probe(const std::string& bootstrap_servers);

}  // namespace sdp::log::kafka
