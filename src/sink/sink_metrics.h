#pragma once

#include <atomic>
#include <cstdint>

namespace sdp::sink {

/// Running totals of one sink, readable from any thread while it runs.
struct SinkMetrics {
  std::atomic<std::uint64_t> records_read{
      0};  ///< taken from the log, dropped ones (already durable) included
  std::atomic<std::uint64_t> records_durable{0};   ///< in objects that this sink created
  std::atomic<std::uint64_t> records_rejected{0};  ///< of those, rejected lines
  std::atomic<std::uint64_t> objects_created{0};
  std::atomic<std::uint64_t> objects_adopted{0};  ///< found committed by somebody else
  std::atomic<std::uint64_t> hours_closed{0};     ///< markers, of one partition each
  std::atomic<std::uint64_t> body_bytes{0};       ///< as stored, compressed
  std::atomic<std::uint64_t> buffered_bytes{0};   ///< lines in memory now
  std::atomic<std::uint64_t> outages{0};          ///< times the log could not be reached
};

}  // namespace sdp::sink
