#include "services/network.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "os/loopback.h"

namespace sdp::services {
namespace {

constexpr std::size_t kBodyBytesMax = std::size_t{1} << 20;

std::size_t append(char* bytes, std::size_t size, std::size_t count, void* body) {
  auto& text = *static_cast<std::string*>(body);
  // Less than was offered ends the transfer.
  if (text.size() + size * count > kBodyBytesMax) return 0;
  text.append(bytes, size * count);
  return size * count;
}

}  // namespace

bool port_is_free(std::uint16_t port) {
  const os::UniqueFd socket = os::tcp_socket();
  const int on = 1;
  // As servers do: connections of an earlier server that are still closing do not count as taken.
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return os::bind_to(socket, os::loopback(port)) && ::listen(socket.get(), 1) == 0;
}

Result<void> probe_tcp(std::uint16_t port) {
  const os::UniqueFd socket = os::tcp_socket();
  if (os::connect_to(socket, os::loopback(port))) return {};
  return fail(ErrorKind::retry, fmt::format("127.0.0.1:{}: {}", port, std::strerror(errno)));
}

Result<std::string> get_http(const std::string& url, std::chrono::milliseconds limit) {
  static const CURLcode initialised = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(::curl_easy_init(), ::curl_easy_cleanup);
  if (initialised != CURLE_OK || !curl) return fail(ErrorKind::fatal, "libcurl does not start");
  ::curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  ::curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
  ::curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  ::curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
  std::string body;
  ::curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, append);
  ::curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
  const CURLcode code = ::curl_easy_perform(curl.get());
  if (code != CURLE_OK) return fail(ErrorKind::retry, fmt::format("{}: {}", url, ::curl_easy_strerror(code)));
  long status = 0;
  ::curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return fail(ErrorKind::retry, fmt::format("{}: HTTP {}", url, status));
  return body;
}

Result<void> probe_http(const std::string& url, std::chrono::milliseconds limit) {
  SDP_TRY(std::ignore, get_http(url, limit));
  return {};
}

}  // namespace sdp::services
