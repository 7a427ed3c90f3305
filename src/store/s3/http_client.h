#pragma once

#include <curl/curl.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/s3/s3_settings.h"

namespace sdp::store::s3 {

enum class Method { get, head, put };

struct HttpRequest {
  Method method = Method::get;
  std::string url;
  /// Lower-case names; all are signed. `x-amz-content-sha256` must be among them.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view body;  ///< of a put; must outlive the call
  std::uint64_t answer_bytes_max = 0;
};

struct HttpAnswer {
  CURLcode curl = CURLE_OK;
  std::string curl_message;
  long status = 0;
  std::map<std::string, std::string, std::less<>> headers;  ///< lower-case names
  std::string body;

  std::string_view header(std::string_view name) const;
};

/// Signed HTTP/1.1 requests. Connections are kept and reused: each call borrows a handle, so that as many
/// connections are open as calls ran at once (at most kIdleMax are kept). Follows no redirects. Thread-safe.
class HttpClient {
 public:
  static Result<std::unique_ptr<HttpClient>> open(const S3Settings& settings, const S3Address& address);

  /// One attempt.
  HttpAnswer send(const HttpRequest& request);

 private:
  struct FreeHandle {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  using Handle = std::unique_ptr<CURL, FreeHandle>;

  HttpClient(S3Settings settings, S3Address address)
      : settings_(std::move(settings)), address_(std::move(address)) {}

  Handle borrow();
  void give_back(Handle handle);
  void set_options(CURL* handle) const;

  const S3Settings settings_;
  const S3Address address_;
  std::mutex mutex_;
  std::vector<Handle> idle_;
};

}  // namespace sdp::store::s3
