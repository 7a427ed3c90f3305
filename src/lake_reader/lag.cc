#include "lake_reader/lag.h"

#include "lake/chain.h"

namespace sdp::lake_reader {

Result<log::Offset> lag_of(log::EventLog& log, const LakeReader& lake, const lake::ChainId& chain,
                           log::Offset chain_end, const log::Watermarks& available,
                           std::chrono::milliseconds timeout) {
  log::Offset at = chain_end;
  if (at < available.start) {
    SDP_TRY(const auto gaps, lake.gaps_of(chain.topic_id));
    at = lake::after_gaps(chain, at, gaps);
  }
  if (at >= available.end) return 0;
  if (at >= available.start) {
    SDP_TRY(const auto reader, log.open_reader());
    SDP_TRY(const auto first, reader->first_record(chain.partition, at, available.end, timeout));
    if (!first) return 0;
  }
  return available.end - at;
}

}  // namespace sdp::lake_reader
