#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "services/server.h"
#include "services/settings.h"

namespace sdp::services {

/// Asks the broker at an address for its metadata; given from outside so that this folder needs no Kafka
/// client.
using KafkaProbe = std::function<Result<void>(const std::string& address)>;

/// One node, broker and controller at once (KRaft), on loopback. Topics are never created by accident.
std::string kafka_properties(const Settings& settings);

Server kafka_server(const Settings& settings, KafkaProbe probe);

}  // namespace sdp::services
