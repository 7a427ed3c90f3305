#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "lake/compression.h"
#include "lake/offset_range.h"

namespace sdp::lake {

/// Names a range's place in the lake: a pure function of where the range starts (topic id, partition, first
/// offset), of the first record's broker timestamp, and of the lake's layout. See docs/formats/object-key.md.
struct ObjectKey {
  UtcMillis first_timestamp;   ///< whole seconds when parsed back
  std::string topic_id_short;  ///< first 8 hex digits of the topic id
  log::Partition partition = 0;
  log::Offset first = 0;
  Compression compression = Compression::none;

  auto operator<=>(const ObjectKey&) const = default;
};

/// `bronze/date=2026-02-15/hour=17/spotify_events_2026-02-15T17-52-36_t1a2b3c4d_p3_o00000000000000000042.json.zst`
std::string format_key(const ObjectKey& key);
/// Nothing when the text is not exactly what format_key writes.
std::optional<ObjectKey> parse_key(std::string_view text);

std::string short_id(const log::TopicId& id);

/// `bronze/date=2026-02-15/hour=17/`
std::string hour_prefix(UtcMillis time);

/// Draws times before 1970 (-1 is Kafka's "none") and after 9999 to these ends, so that every record has a
/// place.
UtcMillis clamp_timestamp(UtcMillis time);

inline constexpr std::string_view kBronzePrefix = "bronze/";
inline constexpr std::string_view kLayoutKey = "bronze/_lake.json";
inline constexpr std::string_view kProbeKey = "bronze/_probe";
inline constexpr std::string_view kGapsPrefix = "bronze/_gaps/";
/// Of a folder that `extract` fills: names that are topic ids which the warehouse knew then.
inline constexpr std::string_view kStagedForPrefix = "_stage/topics/";

}  // namespace sdp::lake
