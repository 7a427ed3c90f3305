#include "services/network.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace sdp::services {
namespace {

class Socket {
 public:
  Socket() : number_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() { ::close(number_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

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
  const Socket socket;
  const int on = 1;
  // As servers do: connections of an earlier server that are still closing do not count as taken.
  ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto address = loopback(port);
  return ::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
         ::listen(socket.number(), 1) == 0;
}

Result<void> probe_tcp(std::uint16_t port) {
  const Socket socket;
  const auto address = loopback(port);
  if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {};
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
