#pragma once

#include <span>
#include <string>
#include <vector>

#include "lake/hour_marker.h"
#include "lake/object_meta.h"
#include "lake_reader/lake_reader.h"
#include "log/topic.h"

namespace sdp::sink {

/// The first hour of a chain that has no marker, and the offset where it starts.
struct OpenHour {
  lake::Hour hour;
  log::Offset first = 0;
};

/// An hour that can be closed: its offsets, and the objects that start among them.
struct Closing {
  lake::Hour hour;
  lake::OffsetRange range;
  std::vector<std::string> keys;  ///< in offset order
};

/// How many hours are closed at a time; a longer absence is caught up in several goes.
inline constexpr std::size_t kClosingsMax = 24 * 31;

/// Divides a chain's offsets from the open hour on into hours up to `through`, dense and in order. An object
/// belongs to its key's hour, or to the hour of the object before it when the broker's clock went back, but
/// never to a closed hour. The last hour ends where the first object behind it starts, or else at
/// `chain_end`. Pure.
std::vector<Closing> plan_closings(const OpenHour& open, std::span<const lake_reader::ChainObject> objects,
                                   log::Offset chain_end, lake::Hour through);

/// For topics in which the hour of a folder is that of a producer's clock: an object more than two hours
/// behind `through`, the last hour that is over, is of a clock that is wrong, and belongs to the hour of the
/// object before it. Pure.
void file_by_clock(std::vector<lake_reader::ChainObject>& objects, lake::Hour through);

/// Whether the hour's objects have all of its offsets. They have not when an object is filed in a folder that
/// was not listed, or when there is a gap.
bool is_whole(const Closing& closing, std::span<const lake::ObjectMeta> objects);

/// The marker of the hour, from the metadata of the objects that `closing.keys` name, in the same order.
lake::HourMarker make_marker(const log::TopicInfo& topic, log::Partition partition, const Closing& closing,
                             std::span<const lake::ObjectMeta> objects, const lake::Places& places);

}  // namespace sdp::sink
