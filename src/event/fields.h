#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace sdp::event {

/// What a member of an event may hold. The rules stand in docs/formats/event.md.
enum class FieldType {
  uuid,     ///< 8-4-4-4-12 hex digits.
  choice,   ///< One of a fixed list of words.
  text,     ///< A string; not empty where required.
  country,  ///< Two letters A-Z.
  time,     ///< ISO-8601 UTC, 2000-2099.
  integer,  ///< 0 to kIntegerMax.
};

inline constexpr auto kEventTypes =
    std::to_array<std::string_view>({"play", "pause", "skip", "add_to_playlist"});
inline constexpr auto kDeviceTypes = std::to_array<std::string_view>({"mobile", "desktop", "web"});

/// One row of the table.
struct Field {
  std::string_view name;
  FieldType type;
  bool required;
  std::string_view description;
  /// The words of a `choice`.
  std::span<const std::string_view> choices{};
};

/// The one table of the fields of a listening event, version 1. Encoder, decoder and JSON Schema derive from
/// it and write and check in this order, which is part of the format: add at the end, never renumber.
inline constexpr auto kFields = std::to_array<Field>({
    {"event_id", FieldType::uuid, true, "Identity of the event; a repeated delivery has the same one."},
    {"event_type", FieldType::choice, true, "What the listener did.", kEventTypes},
    {"user_id", FieldType::uuid, true, "The listener."},
    {"song_id", FieldType::uuid, true, "The song: uuid5(NAMESPACE_DNS, \"Artist::Song\")."},
    {"song_name", FieldType::text, true, "Title of the song."},
    {"artist_name", FieldType::text, true, "Artist of the song."},
    {"device_type", FieldType::choice, true, "What the listener used.", kDeviceTypes},
    {"country", FieldType::country, true, "Country of the listener, two letters."},
    {"timestamp", FieldType::time, true, "When it happened on the device, UTC."},
    {"session_id", FieldType::text, false, "The listening session the event belongs to."},
    {"position_ms", FieldType::integer, false, "Position in the song, in milliseconds."},
    {"duration_ms", FieldType::integer, false, "Length of the song, in milliseconds."},
    {"app_version", FieldType::text, false, "Version of the player."},
    {"schema_version", FieldType::integer, false, "Version of this format; 1."},
});

/// The largest integer every JSON reader keeps exactly: 2^53 - 1.
inline constexpr std::int64_t kIntegerMax = 9'007'199'254'740'991;
/// Years a timestamp may have.
inline constexpr int kYearMin = 2000;
inline constexpr int kYearMax = 2099;

}  // namespace sdp::event
