#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace sdp::simulate {

/// What becomes of a record. Each is exactly one of these.
enum class Fate : std::uint8_t { kept, duplicate, rejected };

constexpr std::string_view name(Fate fate) {
  return std::array<std::string_view, 3>{"kept", "duplicate", "rejected"}[std::to_underlying(fate)];
}

/// In the order of kFaultClasses.
enum class Fault : std::uint8_t {
  retry,
  changed_body,
  unknown_field,
  microseconds,
  schema_versions,
  skew,
  late,
  out_of_order,
  missing_field,
  null_field,
  wrong_type,
  empty_text,
  bad_uuid,
  unknown_event_type,
  unknown_device_type,
  bad_country,
  bad_timestamp,
  future_date,
  ancient_date,
  out_of_range,
  null_value,
  empty_value,
  not_utf8,
  too_deep,
  malformed_json,
  not_object,
  reserved_member,
  nul_character,
  oversize,
};

/// What the rate of a class is a share of.
enum class RateOf : std::uint8_t {
  events,     ///< each event is drawn by itself
  listeners,  ///< a listener is drawn once, for all of the run
};

/// One row of the table.
struct FaultClass {
  Fault fault;
  std::string_view name;
  std::string_view sends;  ///< in words
  Fate fate;
  std::string_view rejected_by = {};  ///< `sink` or `silver`, as SPOTIFY_REJECTED has it
  std::string_view reason = {};
  /// A name of event::kFields, or in words which of them is drawn. Empty: the record has no fields.
  std::string_view field = {};
  RateOf rate_of = RateOf::events;
};

/// The one table of fault classes. Parser, help, docs/formats/faults.md and tests read it. Names are an
/// interface: never rename, add at the end of a fate.
inline constexpr auto kFaultClasses = std::to_array<FaultClass>({
    {Fault::retry, "retry", "The record again, byte by byte, up to 20 events later.", Fate::duplicate},
    {Fault::changed_body, "changed_body",
     "A valid event with the same id and key, another type and a later time, up to 20 events later.",
     Fate::duplicate},
    {Fault::unknown_field, "unknown_field", "The event, with members that the format does not know.",
     Fate::kept},
    {Fault::microseconds, "microseconds", "The event, its time with six digits behind the second.",
     Fate::kept},
    {Fault::schema_versions,
     "schema_versions",
     "The listener's events, as the player's version writes them: schema 1, 2 or 3, upgraded every 14 days.",
     Fate::kept,
     {},
     {},
     {},
     RateOf::listeners},
    {Fault::skew,
     "skew",
     "The listener's events, by a clock that is wrong by the same time of up to 12 hours.",
     Fate::kept,
     {},
     {},
     {},
     RateOf::listeners},
    {Fault::late, "late",
     "From this event on the listener is offline for up to 48 hours of event time; then all of it comes in "
     "one burst.",
     Fate::kept},
    {Fault::out_of_order, "out_of_order", "The event, up to 20 events later.", Fate::kept},
    {Fault::missing_field, "missing_field", "A copy without a required field.", Fate::rejected, "silver",
     "missing_field", "a required one"},
    {Fault::null_field, "null_field", "A copy with `null` in a required field.", Fate::rejected, "silver",
     "missing_field", "a required one"},
    {Fault::wrong_type, "wrong_type", "A copy with a field of another JSON type.", Fate::rejected, "silver",
     "wrong_type", "any"},
    {Fault::empty_text, "empty_text", "A copy with an empty name.", Fate::rejected, "silver", "empty_text",
     "a required text"},
    {Fault::bad_uuid, "bad_uuid", "A copy with an id that is not a UUID.", Fate::rejected, "silver",
     "bad_uuid", "an id"},
    {Fault::unknown_event_type, "unknown_event_type", "A copy of an event type that does not exist.",
     Fate::rejected, "silver", "unknown_event_type", "event_type"},
    {Fault::unknown_device_type, "unknown_device_type", "A copy of a device type that does not exist.",
     Fate::rejected, "silver", "unknown_device_type", "device_type"},
    {Fault::bad_country, "bad_country", "A copy with a country that is not two letters A-Z.", Fate::rejected,
     "silver", "bad_country", "country"},
    {Fault::bad_timestamp, "bad_timestamp", "A copy with a time that is not RFC 3339.", Fate::rejected,
     "silver", "bad_timestamp", "timestamp"},
    {Fault::future_date, "future_date", "A copy from a year of 2100-9999.", Fate::rejected, "silver",
     "bad_timestamp", "timestamp"},
    {Fault::ancient_date, "ancient_date", "A copy from a year of 1900-1999.", Fate::rejected, "silver",
     "bad_timestamp", "timestamp"},
    {Fault::out_of_range, "out_of_range", "A copy with an integer below 0 or above 2^53 - 1.", Fate::rejected,
     "silver", "out_of_range", "an integer"},
    {Fault::null_value, "null_value", "A record without a value: a tombstone.", Fate::rejected, "sink",
     "tombstone"},
    {Fault::empty_value, "empty_value", "A value of no bytes, or of white space.", Fate::rejected, "sink",
     "empty_value"},
    {Fault::not_utf8, "not_utf8", "A copy with bytes that are not UTF-8.", Fate::rejected, "sink",
     "not_utf8"},
    {Fault::too_deep, "too_deep", "A copy that is nested deeper than 64.", Fate::rejected, "sink",
     "too_deep"},
    {Fault::malformed_json, "malformed_json",
     "A copy that is cut off, or has a comma too many, or is followed by another one.", Fate::rejected,
     "sink", "not_json"},
    {Fault::not_object, "not_object", "JSON that is not an object: an array, a string or a number.",
     Fate::rejected, "sink", "not_object"},
    {Fault::reserved_member, "reserved_member", "A copy with a member that only the sink may write.",
     Fate::rejected, "sink", "reserved_member"},
    {Fault::nul_character, "nul_character", "A copy with U+0000 in a name.", Fate::rejected, "sink",
     "nul_character"},
    {Fault::oversize, "oversize",
     "A copy of one byte more than the sink takes (`--value-bytes-max`); no more than 32 MiB of them in a "
     "run. From 5.6 MB on bronze has it as `line_too_large`.",
     Fate::rejected, "sink", "too_large"},
});

inline constexpr std::size_t kFaults = kFaultClasses.size();

constexpr const FaultClass& class_of(Fault fault) {
  return kFaultClasses[std::to_underlying(fault)];
}

/// The row of that name; null when there is none.
constexpr const FaultClass* find_fault(std::string_view name) {
  const auto* const found = std::ranges::find(kFaultClasses, name, &FaultClass::name);
  return found == kFaultClasses.end() ? nullptr : &*found;
}

static_assert(
    [] {
      for (std::size_t i = 0; i < kFaults; ++i) {
        if (std::to_underlying(kFaultClasses[i].fault) != i) return false;
      }
      return true;
    }(),
    "rows stand in the order of Fault");

/// How often each class is sent, from 0 to 1.
struct FaultRates {
  std::array<double, kFaults> rates{};

  double operator[](Fault fault) const { return rates[std::to_underlying(fault)]; }
  double& operator[](Fault fault) { return rates[std::to_underlying(fault)]; }
  bool any() const {
    return std::ranges::any_of(rates, [](double rate) { return rate > 0; });
  }
  bool operator==(const FaultRates&) const = default;
};

/// What is sent besides valid events.
struct FaultSpec {
  FaultRates rates;
  /// The largest value that the sink takes; `oversize` sends one byte more.
  std::size_t value_bytes_max = std::size_t{8} << 20;

  bool operator==(const FaultSpec&) const = default;
};

}  // namespace sdp::simulate
