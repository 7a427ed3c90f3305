#pragma once

#include <optional>
#include <string>

#include "support/child_process.h"
#include "support/temporary_folder.h"

namespace sdp::support {

/// A real Kafka broker of one node (KRaft, plaintext, loopback; no topic comes into being unasked), with data
/// in a folder of its own. Takes connections when constructed; gone when destroyed. Throws when it cannot be
/// started.
class KafkaServer {
 public:
  KafkaServer();

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  ChildProcess& process() { return *process_; }

  /// As kill -9 would.
  void kill() { process_->stop(); }
  /// On the same data and port.
  void start();

 private:
  os::Command java(const std::string& main_class, const std::vector<std::string>& arguments) const;
  void write_properties() const;
  void format() const;

  TemporaryFolder folder_;
  int port_ = 0;
  int controller_port_ = 0;
  std::optional<ChildProcess> process_;
};

/// The address of the broker that tests share: $SDP_TEST_KAFKA, or one started for this process by the first
/// call.
std::string shared_kafka();

}  // namespace sdp::support
