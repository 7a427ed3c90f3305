#include "cli/request_meter.h"

#include <string>

namespace sdp::cli {

void RequestMeter::attempted(std::string_view operation, long status, bool timed_out,
                             std::chrono::milliseconds took) {
  const std::string code = status != 0 ? std::to_string(status) : timed_out ? "timeout" : "failed";
  registry_.histogram("store_request_duration_seconds", {operation, code})
      .Observe(std::chrono::duration<double>(took).count());
}

void RequestMeter::retried(std::string_view operation) {
  registry_.counter("store_retries_total", {operation}).Increment();
}

}  // namespace sdp::cli
