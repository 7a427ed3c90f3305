#include "sink/batch.h"

#include "base/sha256.h"

namespace sdp::sink {

std::string_view name(CutReason reason) {
  switch (reason) {
    case CutReason::records:
      return "records";
    case CutReason::bytes:
      return "bytes";
    case CutReason::linger:
      return "linger";
    case CutReason::hour:
      return "hour";
    case CutReason::idle:
      return "idle";
    case CutReason::memory:
      return "memory";
    case CutReason::shutdown:
      return "shutdown";
  }
  return "records";
}

void prefer_size(BatchLimits& limits, const AskedLimits& asked) {
  if (!asked.size && !asked.max_wait) return;
  if (!asked.linger) limits.linger = limits.max_wait;
  // As late as linger can be, so that it never cuts.
  if (!asked.idle) limits.idle = limits.max_wait;
}

namespace {

/// Without its end.
std::string_view last_line(std::string_view lines) {
  if (lines.ends_with('\n')) lines.remove_suffix(1);
  return lines.substr(lines.rfind('\n') + 1);
}

}  // namespace

lake::ObjectKey key_of(const Batch& batch, lake::Compression compression, const lake::Places& places) {
  return {.first_timestamp = places.filing_time(batch.first_timestamp),
          .topic_id_short = lake::short_id(batch.chain.topic_id),
          .partition = batch.chain.partition,
          .first = batch.range.first,
          .compression = compression};
}

lake::ObjectMeta meta_of(const Batch& batch, std::string_view topic, const lake::Places& places) {
  lake::ObjectMeta meta;
  meta.topic = topic;
  meta.chain = batch.chain;
  meta.range = batch.range;
  meta.records = batch.records;
  meta.rejected = batch.rejected;
  meta.first_timestamp = places.filing_time(batch.first_timestamp);
  meta.last_timestamp = places.filing_time(batch.last_timestamp);
  if (places.version() == 1) return meta;
  meta.last_line_sha256 = base::sha256_hex(last_line(batch.lines));
  meta.rejected_range = batch.rejected_range;
  meta.leader_epoch = batch.leader_epoch;
  return meta;
}

}  // namespace sdp::sink
