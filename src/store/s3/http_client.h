#pragma once

#include <curl/curl.h>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/s3/credentials.h"

namespace sdp::store::s3 {

enum class Method { get, head, put, post, remove };

/// What a request is signed with, by AWS's signature version 4 for S3. Outlives the call.
struct Signer {
  std::string_view region;
  const Credentials& credentials;
};

struct HttpRequest {
  Method method = Method::get;
  std::string url;
  /// Lower-case names. Where the request is signed, all are, and `x-amz-content-sha256` must be among them.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view body;  ///< of a put or post; must outlive the call
  std::uint64_t answer_bytes_max = 0;
  const Signer* signer = nullptr;  ///< none: not signed
};

/// What holds for every request of a client.
struct HttpOptions {
  std::string scheme;     ///< the only one that it speaks: http or https
  std::string ca_file{};  ///< PEM file instead of the system's certificates; may be empty
  /// Whether the proxy of the environment is used; it cannot reach this machine's own addresses.
  bool use_proxy = true;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds total_timeout{30'000};
  long low_speed_bytes_per_second = 1'024;
  std::chrono::seconds low_speed_time{10};
};

struct HttpAnswer {
  CURLcode curl = CURLE_OK;
  std::string curl_message;
  long status = 0;
  std::map<std::string, std::string, std::less<>> headers;  ///< lower-case names
  std::string body;

  std::string_view header(std::string_view name) const;
};

/// HTTP/1.1 requests, signed or not. Connections are kept and reused: each call borrows a handle, so that as
/// many connections are open as calls ran at once (at most kIdleMax are kept). Follows no redirects.
/// Thread-safe.
class HttpClient {
 public:
  static Result<std::unique_ptr<HttpClient>> open(HttpOptions options);

  /// One attempt.
  HttpAnswer send(const HttpRequest& request);

 private:
  struct FreeHandle {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  using Handle = std::unique_ptr<CURL, FreeHandle>;

  explicit HttpClient(HttpOptions options) : options_(std::move(options)) {}

  Handle borrow();
  void give_back(Handle handle);
  void set_options(CURL* handle) const;

  const HttpOptions options_;
  std::mutex mutex_;
  std::vector<Handle> idle_;
};

}  // namespace sdp::store::s3
