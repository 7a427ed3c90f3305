#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/retry.h"
#include "base/secret.h"

namespace sdp::store::s3 {

struct S3Settings {
  /// `http://127.0.0.1:9000`; empty for AWS in `region`. Nothing but scheme, host and port.
  std::string endpoint;
  std::string region = "us-east-1";
  std::string bucket;
  std::string access_key;
  Secret secret_key;
  Secret session_token;  ///< of temporary credentials; may be empty
  /// The bucket in the path, or in the host name. By default in the path, but for AWS.
  std::optional<bool> path_style;
  std::string ca_file;  ///< PEM file instead of the system's certificates; may be empty
  std::chrono::milliseconds connect_timeout{5'000};
  /// For one attempt, body included.
  std::chrono::milliseconds total_timeout{30'000};
  /// An attempt ends when it is slower than this for so long: a server that accepts and then says nothing.
  long low_speed_bytes_per_second = 1'024;
  std::chrono::seconds low_speed_time{10};
  /// A larger object is not read.
  std::uint64_t object_bytes_max = 1ULL << 30;
  /// The total time is the limit that counts.
  base::RetryPolicy retry{.attempts_max = 1'000};
};

/// Settings that were found fit, and what follows from them.
struct S3Address {
  std::string scheme;      ///< http or https
  std::string endpoint;    ///< for messages: scheme, host and port
  std::string bucket_url;  ///< an object's URL is this, '/' and its encoded key
  bool is_loopback = false;
};

/// `misconfigured` names the setting, never a secret.
Result<S3Address> resolve(const S3Settings& settings);

}  // namespace sdp::store::s3
