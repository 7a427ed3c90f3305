#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/clock.h"
#include "base/uuid.h"
#include "event/fields.h"

namespace sdp::event {

/// In the order of kEventTypes.
enum class EventType : std::uint8_t { play, pause, skip, add_to_playlist };
/// In the order of kDeviceTypes.
enum class DeviceType : std::uint8_t { mobile, desktop, web };

constexpr std::string_view name(EventType type) {
  return kEventTypes[std::to_underlying(type)];
}
constexpr std::string_view name(DeviceType type) {
  return kDeviceTypes[std::to_underlying(type)];
}

struct Country {
  std::array<char, 2> letters{'U', 'S'};

  constexpr std::string_view view() const { return {letters.data(), letters.size()}; }
  auto operator<=>(const Country&) const = default;
};

/// One valid event: every member obeys its row of kFields, in the same order.
struct ListeningEvent {
  Uuid event_id{};
  EventType event_type = EventType::play;
  Uuid user_id{};
  Uuid song_id{};
  std::string song_name{};
  std::string artist_name{};
  DeviceType device_type = DeviceType::mobile;
  Country country{};
  UtcMillis timestamp{};
  std::optional<std::string> session_id{};
  std::optional<std::int64_t> position_ms{};
  std::optional<std::int64_t> duration_ms{};
  std::optional<std::string> app_version{};
  std::optional<std::int64_t> schema_version{};

  bool operator==(const ListeningEvent&) const = default;
};

/// References to all members, in order. Does not compile when it misses one.
template <typename Event>
constexpr auto members(Event& event) {
  auto& [event_id, event_type, user_id, song_id, song_name, artist_name, device_type, country, timestamp,
         session_id, position_ms, duration_ms, app_version, schema_version] = event;
  return std::tie(event_id, event_type, user_id, song_id, song_name, artist_name, device_type, country,
                  timestamp, session_id, position_ms, duration_ms, app_version, schema_version);
}

using Members = decltype(members(std::declval<ListeningEvent&>()));

template <std::size_t I>
using Member = std::remove_reference_t<std::tuple_element_t<I, Members>>;

/// What the table must say of a member of type T: its type and whether it is required.
template <typename T>
struct Shape;
template <>
struct Shape<Uuid> : std::integral_constant<FieldType, FieldType::uuid> {};
template <>
struct Shape<EventType> : std::integral_constant<FieldType, FieldType::choice> {};
template <>
struct Shape<DeviceType> : std::integral_constant<FieldType, FieldType::choice> {};
template <>
struct Shape<std::string> : std::integral_constant<FieldType, FieldType::text> {};
template <>
struct Shape<Country> : std::integral_constant<FieldType, FieldType::country> {};
template <>
struct Shape<UtcMillis> : std::integral_constant<FieldType, FieldType::time> {};
template <>
struct Shape<std::int64_t> : std::integral_constant<FieldType, FieldType::integer> {};
template <typename T>
struct Shape<std::optional<T>> : Shape<T> {};

template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

template <std::size_t... I>
consteval bool table_matches_members(std::index_sequence<I...>) {
  return ((Shape<Member<I>>::value == kFields[I].type && kIsOptional<Member<I>> != kFields[I].required) &&
          ...);
}

static_assert(std::tuple_size_v<Members> == kFields.size(), "every member needs its row in fields.h");
static_assert(table_matches_members(std::make_index_sequence<kFields.size()>{}),
              "a member's type and its row in fields.h differ");

}  // namespace sdp::event
