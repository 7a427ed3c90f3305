#pragma once

#include <mutex>
#include <span>
#include <string>
#include <utility>

#include "base/result.h"
#include "log/kafka/handles.h"
#include "log/kafka/settings.h"

namespace sdp::log::kafka {

enum class Role { admin, producer, consumer, reader };

/// What librdkafka tells a client, on whichever thread serves it.
class ClientEvents {
 public:
  virtual ~ClientEvents() = default;

  virtual void on_error(rd_kafka_resp_err_t code, const char* reason);
  virtual void on_delivery(const rd_kafka_message_t&) {}
  virtual void on_rebalance(rd_kafka_resp_err_t, const rd_kafka_topic_partition_list_t*) {}
  virtual void on_committed(rd_kafka_resp_err_t) {}

  /// The last trouble with a broker in words ("Connect to ... failed: Connection refused"); empty when there
  /// was none.
  std::string last_reason() const;

 private:
  mutable std::mutex mutex_;
  std::string last_reason_;
};

using Property = std::pair<std::string, std::string>;

/// A librdkafka instance with the properties of its role. `properties` are the caller's own, beyond those of
/// role and settings. `events` outlives the client. `misconfigured` names the property that was refused,
/// never its value.
Result<ClientHandle> open_client(Role role, const KafkaSettings& settings, ClientEvents& events,
                                 std::span<const Property> properties = {});

}  // namespace sdp::log::kafka
