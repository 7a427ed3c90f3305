#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "lake/offset_range.h"

namespace sdp::lake {

/// A broker hour, UTC.
using Hour = std::chrono::sys_time<std::chrono::hours>;

/// The first hour of 1970 for what has no time (has_time). It is not an hour of a broker's clock: who
/// concludes from an hour that others are over asks has_time first.
Hour hour_of(UtcMillis time);
/// `2026-02-15T17`
std::string format_hour(Hour hour);
std::optional<Hour> parse_hour(std::string_view text);

/// The first hour of which a chain has a marker: what its records say of earlier hours counts as this one's.
/// Written create-only before the chain's first marker (docs/formats/hour-marker.md).
struct ChainBegin {
  ChainId chain;
  Hour hour;

  bool operator==(const ChainBegin&) const = default;
};

/// An object as a marker lists it.
struct ListedRange {
  std::string object_key;
  OffsetRange range;

  bool operator==(const ListedRange&) const = default;
};

/// Fixes, permanently, which offsets of a chain belong to an hour. Written create-only; the markers of a
/// chain have no hole in hours or offsets, from its begin on.
struct HourMarker {
  std::string topic;
  ChainId chain;
  /// Of the topic, when the marker was written: so many chains must have closed the hour before it is
  /// complete.
  int partitions = 1;
  Hour hour;
  OffsetRange range;  ///< may be empty
  /// Of the objects that start in the range.
  std::int64_t objects = 0;
  std::int64_t records = 0;
  std::int64_t rejected = 0;
  /// Of their lines `<key> <sha256>\n` in offset order.
  std::string sha256;
  /// These objects, in offset order; nothing in layout 1, whose markers have no list.
  std::optional<std::vector<ListedRange>> list{};

  bool operator==(const HourMarker&) const = default;
};

std::string to_json(const ChainBegin& begin);
std::string to_json(const HourMarker& marker);
/// `bad_input` when the text is not what to_json writes.
Result<ChainBegin> chain_begin_from_json(std::string_view json);
Result<HourMarker> hour_marker_from_json(std::string_view json);

/// Whether an hour of one topic id is complete: every partition that its markers know of has closed it, or
/// begins later. `markers` are all of the hour; `begins` those of the topic id. What is complete stays so,
/// and its markers never change.
bool is_complete(Hour hour, std::span<const HourMarker> markers, std::span<const ChainBegin> begins);

}  // namespace sdp::lake
