#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sdp::http {

/// Where to listen: an address of IP, never a name, so that nothing is listened at that was not meant.
struct Address {
  std::string ip;
  std::uint16_t port = 0;

  bool is_loopback() const;
  /// `127.0.0.1:8090`, `[::1]:8090`
  std::string text() const;
};

/// Reads `127.0.0.1:8090`, `[::1]:8090`. `misconfigured` when it is something else.
Result<Address> parse_address(std::string_view text);

/// Whether a Host header names this machine's loopback, with any port or none.
bool is_loopback_host(std::string_view host);

}  // namespace sdp::http
