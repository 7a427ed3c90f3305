#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/retry.h"
#include "store/s3/aws_settings.h"
#include "store/s3/credentials.h"
#include "store/s3/request_observer.h"

namespace sdp::store::s3 {

inline constexpr std::string_view kRegionDefault = "us-east-1";

struct S3Settings {
  /// `http://127.0.0.1:9002`; empty for AWS in `region`. Nothing but scheme, host and port.
  std::string endpoint;
  std::string region;  ///< empty: kRegionDefault
  std::string bucket;
  /// Where they are set; empty: looked for where `aws` says (find_access). A store itself is given its own.
  Credentials keys;
  AwsSettings aws;
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
  RequestObserver* observer = nullptr;  ///< outlives the store; may be none
};

/// The parts of `scheme://host[:port][/path]`.
struct Url {
  std::string scheme;  ///< http or https
  std::string host;    ///< IPv6 in brackets
  std::string port;    ///< empty: the scheme's own
  std::string path;    ///< begins with '/'; with the query, if there is one

  /// `scheme://host[:port]`
  std::string origin() const;
  /// `localhost`, 127.0.0.0/8 or ::1.
  bool is_loopback() const;
};

/// Nothing when the text is not an http or https URL, or has a user or a fragment.
std::optional<Url> parse_url(const std::string& text);
/// Whether both are at the same place; of names for this machine's loopback, the port decides.
bool is_same_server(const Url& one, const Url& other);

/// `s3.eu-west-1.amazonaws.com` of `s3`, by the domain that the region belongs to.
std::string aws_host(std::string_view service, std::string_view region);

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
