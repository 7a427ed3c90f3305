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
  time,     ///< RFC 3339 with any offset; in UTC of 2000-2099.
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
  /// A valid value, as its member holds it but for quotes.
  std::string_view example;
  /// The words of a `choice`.
  std::span<const std::string_view> choices{};
  /// Raised when the rule admits more than it did: rows that silver refused are judged again in the next
  /// batch. A rule never admits less, nor reads a value otherwise: docs/decisions/0053-faults-and-rules.md.
  int rule = 1;
};

/// The one table of the fields of a listening event, version 1. Encoder, decoder, JSON Schema and the files
/// of event/derived_files.h derive from it and write and check in this order, which is part of the format:
/// add at the end, never renumber.
inline constexpr auto kFields = std::to_array<Field>({
    {"event_id", FieldType::uuid, true, "Identity of the event; a repeated delivery has the same one.",
     "00112233-4455-4677-8899-aabbccddeeff"},
    {"event_type", FieldType::choice, true, "What the listener did.", "play", kEventTypes},
    {"user_id", FieldType::uuid, true, "The listener.", "881dc191-47cf-4642-b4b2-9334c488cd67"},
    {"song_id", FieldType::uuid, true, "The song: uuid5(NAMESPACE_DNS, \"Artist::Song\").",
     "09a7d5c8-d131-55b1-9758-8cfdc6375651"},
    {"song_name", FieldType::text, true, "Title of the song.", "Levitating"},
    {"artist_name", FieldType::text, true, "Artist of the song.", "Dua Lipa"},
    {"device_type", FieldType::choice, true, "What the listener used.", "mobile", kDeviceTypes},
    {"country", FieldType::country, true, "Country of the listener, two letters.", "UK"},
    {"timestamp",
     FieldType::time,
     true,
     "When it happened on the device.",
     "2026-02-15T17:52:36.123Z",
     {},
     2},
    {"session_id", FieldType::text, false, "The listening session the event belongs to.", "s-1"},
    {"position_ms", FieldType::integer, false, "Position in the song, in milliseconds.", "5"},
    {"duration_ms", FieldType::integer, false, "Length of the song, in milliseconds.", "199000"},
    {"app_version", FieldType::text, false, "Version of the player.", "9.1.0"},
    {"schema_version", FieldType::integer, false, "Version of this format; 1.", "1"},
});

/// The largest integer every JSON reader keeps exactly: 2^53 - 1.
inline constexpr std::int64_t kIntegerMax = 9'007'199'254'740'991;
/// Years a timestamp may have.
inline constexpr int kYearMin = 2000;
inline constexpr int kYearMax = 2099;

}  // namespace sdp::event
