#pragma once

#include <chrono>
#include <string_view>

namespace sdp::store::s3 {

/// Hears of the requests to a server, each attempt by itself, on whatever thread makes it.
class RequestObserver {
 public:
  virtual ~RequestObserver() = default;

  /// `operation`: get, head, list, put, post or delete. `status`: that of the answer, 0 when none came.
  virtual void attempted(std::string_view operation, long status, bool timed_out,
                         std::chrono::milliseconds took) = 0;
  /// The attempt that follows is not the first one of its request.
  virtual void retried(std::string_view operation) = 0;
};

}  // namespace sdp::store::s3
