#include "lake_reader/lag.h"

#include <algorithm>

#include "lake/chain.h"

namespace sdp::lake_reader {
namespace {

/// Where the chain goes on: at its end, or behind the acknowledged gap there.
Result<log::Offset> next_offset(const LakeReader& lake, const lake::ChainId& chain, log::Offset chain_end,
                                const log::Watermarks& available) {
  if (chain_end >= available.start) return chain_end;
  SDP_TRY(const auto gaps, lake.gaps_of(chain.topic_id));
  return lake::after_gaps(chain, chain_end, gaps);
}

}  // namespace

Result<log::Offset> lag_of(log::EventLog& log, const LakeReader& lake, const lake::ChainId& chain,
                           log::Offset chain_end, const log::Watermarks& available,
                           std::chrono::milliseconds timeout) {
  SDP_TRY(const log::Offset at, next_offset(lake, chain, chain_end, available));
  if (at >= available.end) return 0;
  if (at >= available.start) {
    SDP_TRY(const auto reader, log.open_reader());
    SDP_TRY(const auto first, reader->first_record(chain.partition, at, available.end, timeout));
    if (!first) return 0;
  }
  return available.end - at;
}

Result<Waiting> waiting_behind(log::Reader& reader, const LakeReader& lake, const lake::ChainId& chain,
                               log::Offset chain_end, const log::Watermarks& available,
                               std::chrono::milliseconds timeout) {
  SDP_TRY(const log::Offset at, next_offset(lake, chain, chain_end, available));
  if (at >= available.end) return Waiting{};
  const log::Offset from = std::max(at, available.start);
  SDP_TRY(const auto first, reader.first_record(chain.partition, from, available.end, timeout));
  if (!first && from == at) return Waiting{};
  return Waiting{.offsets = available.end - at,
                 .deleted = from - at,
                 .oldest = first ? std::optional(first->timestamp) : std::nullopt};
}

}  // namespace sdp::lake_reader
