#include "cli/probe.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <utility>

#include "cli/standard_output.h"

namespace sdp::cli {

using store::s3::HttpClient;

namespace {

/// The end of whoever asks waits for that.
constexpr std::chrono::milliseconds kNearPatience{1'000};
constexpr std::uint64_t kPageBytesMax = 4 << 20;
constexpr long kOk = 200;

}  // namespace

Result<std::shared_ptr<HttpClient>> open_near_client() {
  return HttpClient::open({.scheme = "http",
                           .use_proxy = false,
                           .connect_timeout = kNearPatience,
                           .total_timeout = kNearPatience});
}

StackAnswer answer_of(HttpClient& http, store::s3::HttpRequest request) {
  request.answer_bytes_max = kPageBytesMax;
  const auto answer = http.send(request);
  if (answer.curl != CURLE_OK) return {.why = answer.curl_message};
  return {.status = answer.status, .body = answer.body};
}

http::Address reachable(http::Address address) {
  if (address.ip == "0.0.0.0") address.ip = "127.0.0.1";
  if (address.ip == "::") address.ip = "::1";
  return address;
}

Result<std::string> probe_readiness(const std::string& listen) {
  if (listen.empty()) {
    return fail(ErrorKind::misconfigured,
                "--probe asks at --listen or SPOTIFY_METRICS_LISTEN, and neither is set");
  }
  SDP_TRY(const http::Address address, http::parse_address(listen));
  SDP_TRY(const auto client, open_near_client());
  store::s3::HttpRequest request;
  request.url = fmt::format("http://{}/readyz", reachable(address).text());
  std::string url = request.url;
  const StackAnswer answer = answer_of(*client, std::move(request));
  if (answer.status == kOk) return url;
  return fail(ErrorKind::unavailable, answer.status == 0
                                          ? fmt::format("{}: {}", url, answer.why)
                                          : fmt::format("{}: HTTP {}: {}", url, answer.status,
                                                        answer.body.substr(0, answer.body.find('\n'))));
}

Result<int> print_readiness(const std::string& listen, std::string_view what) {
  SDP_TRY(const std::string url, probe_readiness(listen));
  print_out("{}: {} is ready\n", url, what);
  return 0;
}

}  // namespace sdp::cli
