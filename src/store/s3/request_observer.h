#pragma once

#include <chrono>
#include <string_view>

#include "base/clock.h"

namespace sdp::store::s3 {

/// Hears of the requests to a server, each attempt by itself, on whatever thread makes it.
class RequestObserver {
 public:
  virtual ~RequestObserver() = default;

  /// `operation`: get, head, list, put, post or delete. `status`: that of the answer, 0 when none came.
  virtual void attempted(std::string_view operation, long status, bool timed_out,
                         std::chrono::milliseconds took) = 0;
  /// What the server's clock showed, to the second, and ours between question and answer.
  virtual void told_time(UtcMillis /*there*/, UtcMillis /*here*/, std::chrono::milliseconds /*took*/) {}
  /// What the server calls itself.
  virtual void told_server(std::string_view /*name*/) {}
  /// The attempt that follows is not the first one of its request.
  virtual void retried(std::string_view operation) = 0;
};

}  // namespace sdp::store::s3
