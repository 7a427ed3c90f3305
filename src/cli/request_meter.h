#pragma once

#include <atomic>

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
  void told_server(std::string_view name) override {
    if (name == "MinIO") is_minio_ = true;
  }
  void retried(std::string_view operation) override;

  /// Whether the server says that it is MinIO.
  bool is_minio() const { return is_minio_; }

 private:
  std::atomic<bool> is_minio_ = false;
  metrics::Registry& registry_;
};

}  // namespace sdp::cli
