#pragma once

#include "metrics/registry.h"
#include "store/s3/request_observer.h"

namespace sdp::cli {

/// Counts the requests to the S3 server. Thread-safe.
class RequestMeter final : public store::s3::RequestObserver {
 public:
  /// The registry outlives this.
  explicit RequestMeter(metrics::Registry& registry) : registry_(registry) {}

  void attempted(std::string_view operation, long status, bool timed_out,
                 std::chrono::milliseconds took) override;
  void retried(std::string_view operation) override;

 private:
  metrics::Registry& registry_;
};

}  // namespace sdp::cli
