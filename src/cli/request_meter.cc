#include "cli/request_meter.h"

#include <string>

#include "base/duration_text.h"

namespace sdp::cli {

void RequestMeter::attempted(std::string_view operation, long status, bool timed_out,
                             std::chrono::milliseconds took) {
  const std::string code = status != 0 ? std::to_string(status) : timed_out ? "timeout" : "failed";
  registry_.histogram("store_request_duration_seconds", {operation, code}).Observe(base::in_seconds(took));
}

void RequestMeter::retried(std::string_view operation) {
  registry_.counter("store_retries_total", {operation}).Increment();
}

}  // namespace sdp::cli
