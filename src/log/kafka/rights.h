#pragma once

#include <optional>
#include <set>
#include <string>

namespace sdp::log::kafka {

/// Names of operations as Kafka's access control lists have them: `Read`, `DescribeConfigs`.
using Operations = std::set<std::string, std::less<>>;

/// What a user may do, as the brokers tell it. A broker without an authorizer allows all.
struct Rights {
  Operations cluster;
  std::optional<Operations> topic;  ///< nothing where there is no such topic: then nobody knows
  std::optional<Operations> group;  ///< nothing where nobody ever joined it
};

}  // namespace sdp::log::kafka
