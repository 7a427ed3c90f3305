#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace sdp::services {

/// True when nothing listens on this port of 127.0.0.1, so that a server of ours can.
bool port_is_free(std::uint16_t port);

/// Success when something accepts connections on this port of 127.0.0.1; `retry` otherwise.
Result<void> probe_tcp(std::uint16_t port);

/// Success when a GET is answered with 200; `retry` otherwise. No proxy is used.
Result<void> probe_http(const std::string& url, std::chrono::milliseconds limit);

/// The body of the answer to a GET, 1 MiB at most; `retry` unless that is 200. No proxy is used.
Result<std::string> get_http(const std::string& url, std::chrono::milliseconds limit);

}  // namespace sdp::services
