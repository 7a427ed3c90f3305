#pragma once

#include <memory>
#include <optional>
#include <string>

#include "support/child_process.h"
#include "support/temporary_folder.h"

namespace sdp::support {

enum class S3ServerKind { minio, versitygw };

/// A real S3 server on a loopback port, with data in a folder of its own and random credentials. Healthy when
/// constructed; gone when destroyed. Throws when it cannot be started.
class S3Server {
 public:
  explicit S3Server(S3ServerKind kind);

  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }
  const std::string& access_key() const { return access_key_; }
  const std::string& secret_key() const { return secret_key_; }
  int port() const { return port_; }
  ChildProcess& process() { return *process_; }

  /// As kill -9 would.
  void kill() { process_->stop(); }
  /// On the same data, port and credentials.
  void start();

  struct User {
    std::string access_key;
    std::string secret_key;
  };
  /// versitygw only: somebody whom the server knows and who may do nothing with others' buckets.
  User add_user_without_rights();

 private:
  os::Command command() const;
  std::string health_path() const;

  const S3ServerKind kind_;
  TemporaryFolder folder_;
  std::string access_key_;
  std::string secret_key_;
  int port_ = 0;
  std::optional<ChildProcess> process_;
};

}  // namespace sdp::support
