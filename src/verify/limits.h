#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <stop_token>

#include "base/result.h"
#include "lake/compression.h"
#include "lake/line.h"

namespace sdp::verify {

/// What bounds verify's memory and waiting.
struct VerifyLimits {
  /// Offsets of the log, and lines of the lake, held in memory: 24 and 64 bytes each (`--records-max`).
  std::uint64_t records_max = 200'000'000;
  /// Offenders named of each kind; totals are always exact.
  std::size_t named_max = 20;
  /// Objects read at the same time, each by a thread of its own.
  int threads = 2;
  std::size_t object_bytes_max = lake::kObjectBytesMax;
  /// The sink's limit of a record's value: beyond it `too_large` is a true reason.
  std::size_t value_bytes_max = lake::kValueBytesMaxDefault;
  /// How long a log may be silent while it is read.
  std::chrono::milliseconds log_timeout{30'000};
  /// Ends the reading of log and lake with `interrupted`.
  std::stop_token stop;

  Result<void> go_on() const {
    return stop.stop_requested() ? fail(ErrorKind::interrupted, "verify was stopped") : Result<void>();
  }
};

/// Counts offsets towards records_max. Thread-safe.
class RecordBudget {
 public:
  explicit RecordBudget(std::uint64_t records_max) : records_max_(records_max) {}

  /// `misconfigured` says which limit to raise.
  Result<void> take(std::uint64_t records);
  std::uint64_t records_max() const { return records_max_; }

 private:
  const std::uint64_t records_max_;
  std::atomic<std::uint64_t> taken_{0};
};

}  // namespace sdp::verify
