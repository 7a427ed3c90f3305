#include "lake_reader/chain_walk.h"

#include <utility>

namespace sdp::lake_reader {

Result<ChainPoint> walk_to_end(log::Reader& reader, const LakeReader& lake, const lake::ChainId& chain,
                               lake::Compression compression, ChainPoint from,
                               const log::Watermarks& available, std::chrono::milliseconds timeout) {
  if (from.end < available.start) {
    const log::Partition partitions[] = {chain.partition};
    SDP_TRY(ChainPoints listed, lake.listed_points(chain.topic_id, partitions));
    if (listed[chain.partition].end > from.end) from = std::move(listed[chain.partition]);
  }
  while (from.end >= available.start && from.end < available.end) {
    SDP_TRY(const auto record, reader.first_record(chain.partition, from.end, available.end, timeout));
    if (!record) break;
    SDP_TRY(auto next, lake.next_object(chain, from.end, record->timestamp, compression));
    if (!next) break;
    from = *std::move(next);
  }
  return from;
}

}  // namespace sdp::lake_reader
