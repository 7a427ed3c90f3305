#pragma once

#include <map>
#include <set>
#include <span>
#include <vector>

#include "base/result.h"
#include "lake/chain.h"
#include "log/event_log.h"
#include "store/object_store.h"

namespace sdp::sink {

/// Where the chain of each partition ends in the lake: the end of its newest object, or 0. Lists hours from
/// the newest backwards until every partition is found. The answer is a point of the chain, and its last
/// unless the broker's clock went back by an hour; then the next put finds the object that is in the way and
/// adopts it. `bad_input` when a newest object's metadata is damaged.
Result<std::map<log::Partition, log::Offset>> find_chain_ends(store::ObjectStore& store,
                                                              const log::TopicId& topic_id,
                                                              std::span<const log::Partition> partitions);

enum class GapPolicy { stop, record };

/// Where to start reading a partition whose chain ends at `chain_end` and whose log holds `available`: the
/// chain end, unless the log no longer has it. Then an acknowledged gap lets the sink go on; otherwise
/// `data_gap` names the offsets, or, with GapPolicy::record, the gap is recorded create-only in the lake
/// first.
Result<log::Offset> start_offset(store::ObjectStore& store, const lake::ChainId& chain,
                                 std::string_view topic, log::Offset chain_end,
                                 const log::Watermarks& available, GapPolicy policy);

/// The acknowledged gaps of a topic id, all partitions.
Result<std::vector<lake::Gap>> read_gaps(store::ObjectStore& store, const log::TopicId& topic_id);

}  // namespace sdp::sink
