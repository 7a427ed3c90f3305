#include "http/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

#include "base/ascii.h"

namespace sdp::http {
namespace {

bool is_ipv4(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1;
}

bool is_ipv6(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

bool is_loopback_ip(const std::string& ip) {
  return (is_ipv4(ip) && ip.starts_with("127.")) || ip == "::1";
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return port;
}

struct HostAndPort {
  std::string_view host;
  std::string_view port;
  bool has_port = false;
  bool in_brackets = false;
};

std::optional<HostAndPort> split(std::string_view text) {
  HostAndPort parts;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    parts.host = text.substr(1, end - 1);
    parts.in_brackets = true;
    text.remove_prefix(end + 1);
  } else {
    parts.host = text.substr(0, text.find(':'));
    text.remove_prefix(parts.host.size());
  }
  if (text.empty()) return parts;
  if (text.front() != ':') return std::nullopt;
  parts.port = text.substr(1);
  parts.has_port = true;
  return parts;
}

}  // namespace

bool Address::is_loopback() const {
  return is_loopback_ip(ip);
}

std::string Address::text() const {
  return is_ipv6(ip) ? fmt::format("[{}]:{}", ip, port) : fmt::format("{}:{}", ip, port);
}

Result<Address> parse_address(std::string_view text) {
  const auto parts = split(text);
  if (parts && parts->has_port) {
    const std::string ip(parts->host);
    const auto port = parse_port(parts->port);
    if (port && (parts->in_brackets ? is_ipv6(ip) : is_ipv4(ip))) return Address{.ip = ip, .port = *port};
  }
  return fail(
      ErrorKind::misconfigured,
      fmt::format("--listen: '{}' is not an address and a port like 127.0.0.1:8090 or [::1]:8090", text));
}

bool is_loopback_host(std::string_view host) {
  const auto parts = split(host);
  if (!parts || (parts->has_port && !parse_port(parts->port))) return false;
  const std::string name = base::lower(parts->host);
  if (parts->in_brackets) return name == "::1";
  return name == "localhost" || (is_ipv4(name) && is_loopback_ip(name));
}

}  // namespace sdp::http
