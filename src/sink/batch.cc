#include "sink/batch.h"

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

lake::ObjectKey key_of(const Batch& batch, lake::Compression compression) {
  return {.first_timestamp = batch.first_timestamp,
          .topic_id_short = lake::short_id(batch.chain.topic_id),
          .partition = batch.chain.partition,
          .first = batch.range.first,
          .compression = compression};
}

lake::ObjectMeta meta_of(const Batch& batch, std::string_view topic) {
  lake::ObjectMeta meta;
  meta.topic = topic;
  meta.chain = batch.chain;
  meta.range = batch.range;
  meta.records = batch.records;
  meta.rejected = batch.rejected;
  meta.first_timestamp = batch.first_timestamp;
  meta.last_timestamp = batch.last_timestamp;
  return meta;
}

}  // namespace sdp::sink
