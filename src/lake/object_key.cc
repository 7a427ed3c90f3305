#include "lake/object_key.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/utc_time.h"

namespace sdp::lake {
namespace {

constexpr UtcMillis kLatest{std::chrono::sys_days(std::chrono::year(9999) / 12 / 31) +
                            std::chrono::hours(24) - std::chrono::milliseconds(1)};

constexpr std::string_view kUntimed = "untimed";

/// Takes a fixed piece off the front.
bool take(std::string_view& text, std::string_view piece) {
  if (!text.starts_with(piece)) return false;
  text.remove_prefix(piece.size());
  return true;
}

template <typename Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

/// `2026-02-15T17-52-36`, or `untimed`.
std::optional<UtcMillis> take_time(std::string_view& name) {
  if (take(name, kUntimed)) return kNoTime;
  if (name.size() < 19) return std::nullopt;
  std::string time(name.substr(0, 19));
  name.remove_prefix(19);
  std::replace(time.begin() + 10, time.end(), '-', ':');
  return base::parse_iso(time + "Z");
}

}  // namespace

std::string short_id(const log::TopicId& id) {
  return base::to_string(id).substr(0, kShortIdChars);
}

bool has_time(UtcMillis time) {
  return time >= UtcMillis{} && time <= kLatest;
}

UtcMillis clamp_timestamp(UtcMillis time) {
  return std::clamp(time, UtcMillis{}, kLatest);
}

std::string hour_prefix(UtcMillis time) {
  if (!has_time(time)) return std::string(kUntimedPrefix);
  return fmt::format("{}date={}/hour={}/", kBronzePrefix, base::format_date(time), base::format_hour(time));
}

std::string format_key(const ObjectKey& key) {
  const UtcMillis time = key.first_timestamp;
  return fmt::format("{}spotify_events_{}_t{}_p{}_o{:020}{}", hour_prefix(time),
                     has_time(time) ? base::format_name_time(time) : std::string(kUntimed),
                     key.topic_id_short, key.partition, key.first, extension(key.compression));
}

std::optional<ObjectKey> parse_key(std::string_view text) {
  // Reads the parts, then writes them again: only what format_key writes is a key.
  const auto name_at = text.rfind('/');
  if (name_at == std::string_view::npos) return std::nullopt;
  std::string_view name = text.substr(name_at + 1);
  if (!take(name, "spotify_events_")) return std::nullopt;
  const auto first_timestamp = take_time(name);
  ObjectKey key;
  if (!first_timestamp || !take(name, "_t") || name.size() < kShortIdChars) return std::nullopt;
  key.first_timestamp = *first_timestamp;
  key.topic_id_short = name.substr(0, kShortIdChars);
  if (!std::ranges::all_of(key.topic_id_short,
                           [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); })) {
    return std::nullopt;
  }
  name.remove_prefix(kShortIdChars);
  if (!take(name, "_p") || !take_number(name, key.partition) || !take(name, "_o") ||
      !take_number(name, key.first)) {
    return std::nullopt;
  }
  if (key.partition < 0 || key.first < 0) return std::nullopt;
  for (const Compression compression : {Compression::none, Compression::gzip, Compression::zstd}) {
    if (name == extension(compression)) {
      key.compression = compression;
      if (format_key(key) == text) return key;
    }
  }
  return std::nullopt;
}

}  // namespace sdp::lake
