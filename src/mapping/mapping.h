#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/uuid.h"

namespace sdp::mapping {

// What a mapping file says (docs/formats/mapping.md), read and checked. A mapping takes the text of a payload
// to the text of an event: compile.h has it done by a warehouse, and verify does it again by code of its own.

/// An RFC 6901 pointer into a payload, without `~0` and `~1`. It has one token at least.
struct Pointer {
  std::vector<std::string> tokens;

  auto operator<=>(const Pointer&) const = default;
};

/// The value of a constant, a table or a default.
using Scalar = std::variant<std::string, std::int64_t>;

/// A string where the field holds text, an integer where it holds one.
struct Copy {};
/// A string; of an integer its digits.
struct AsText {};
/// A value by the text of another one: a string, an integer's digits, `true` or `false`.
struct Table {
  std::map<std::string, Scalar> values;
};
enum class Unit { us, ms, s, min };
/// Integers, or their digits, to milliseconds.
struct Duration {
  Unit unit = Unit::ms;
};
enum class TimeForm {
  rfc3339,
  minute,  ///< `YYYY-MM-DD HH:MM` in UTC
  epoch_s,
  epoch_ms,
  epoch_us,
  datetime,  ///< `YYYY-MM-DD HH:MM:SS` in UTC, with a blank or a T, with or without a fraction
};
/// A moment. A second pointer leads to milliseconds that are taken from it.
struct Time {
  TimeForm form = TimeForm::rfc3339;
};
/// The version 5 of the texts of all pointers, with the separator between them.
struct Uuid5 {
  Uuid name_space;
  std::string separator;
};

using Conversion = std::variant<Copy, AsText, Table, Duration, Time, Uuid5>;

/// What a member of the event is made of.
struct Rule {
  std::size_t field = 0;      ///< in event::kFields
  std::vector<Pointer> from;  ///< none of a constant
  Conversion how;
  /// The constant. Else what stands in for a value where there is none, and in a table for what it does not
  /// list.
  std::optional<Scalar> fallback;
};

/// In the order of event::kFields, with a rule for each required field.
struct Mapping {
  std::vector<Rule> rules;
};

/// The pointers of all rules, each once, in the order in which rules name them.
std::vector<Pointer> pointers_of(const Mapping& mapping);

/// RFC 6901.
std::string to_string(const Pointer& pointer);

/// SHA-256 of all that decides what becomes of a payload: two files that differ in comments, order or
/// spelling alone have the same.
std::string digest(const Mapping& mapping);

/// The largest integer that every step of a mapping keeps exactly.
inline constexpr std::int64_t kIntegerMax = 9'007'199'254'740'991;
/// The last second of the year 9999; moments of a mapping are those from 1970 on up to it.
inline constexpr std::int64_t kSecondMax = 253'402'300'799;
/// Digits of a number that is written as a string.
inline constexpr int kDigitsMax = 15;

}  // namespace sdp::mapping
