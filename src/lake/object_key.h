#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "lake/compression.h"
#include "lake/offset_range.h"

namespace sdp::lake {

/// Whether a record's time can name a day and an hour: it is of the years 1970 to 9999. Producers stamp
/// microseconds, zero and -1 (Kafka's "none"), too.
bool has_time(UtcMillis time);

/// What a key without a time is parsed to.
inline constexpr UtcMillis kNoTime{std::chrono::milliseconds(-1)};

/// Names a range's place in the lake: a pure function of where the range starts (topic id, partition, first
/// offset), of the time by which its first record is filed (Places::filing_time), and of the lake's layout.
/// See docs/formats/object-key.md.
struct ObjectKey {
  UtcMillis first_timestamp;   ///< whole seconds, or kNoTime, when parsed back
  std::string topic_id_short;  ///< first 8 hex digits of the topic id
  log::Partition partition = 0;
  log::Offset first = 0;
  Compression compression = Compression::none;

  auto operator<=>(const ObjectKey&) const = default;
};

/// `bronze/date=2026-02-15/hour=17/spotify_events_2026-02-15T17-52-36_t1a2b3c4d_p3_o00000000000000000042.json.zst`
/// Without a time (has_time): `kUntimedPrefix`
/// `spotify_events_untimed_t1a2b3c4d_p3_o00000000000000000042.json.zst`
std::string format_key(const ObjectKey& key);
/// Nothing when the text is not exactly what format_key writes.
std::optional<ObjectKey> parse_key(std::string_view text);

std::string short_id(const log::TopicId& id);
inline constexpr std::size_t kShortIdChars = 8;

/// `bronze/date=2026-02-15/hour=17/`, or kUntimedPrefix.
std::string hour_prefix(UtcMillis time);

/// Draws times before 1970 and after 9999 to these ends: how layout 1 files them.
UtcMillis clamp_timestamp(UtcMillis time);

inline constexpr std::string_view kBronzePrefix = "bronze/";
/// The folder of objects whose first record has no time. Readers of partitioned folders (Hive, Spark, DuckDB)
/// take the value for NULL.
inline constexpr std::string_view kUntimedPrefix =
    "bronze/date=__HIVE_DEFAULT_PARTITION__/hour=__HIVE_DEFAULT_PARTITION__/";

}  // namespace sdp::lake
