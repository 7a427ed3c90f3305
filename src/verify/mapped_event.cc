#include "verify/mapped_event.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/uuid.h"
#include "event/fields.h"
#include "event/scan.h"

namespace sdp::verify {

namespace json = simdjson::ondemand;
using mapping::kIntegerMax;
using simdjson::error_code;

// NOLINTBEGIN(misc-use-internal-linkage): what EventMapper::Parts has as a member, it is not internal either.

/// What a pointer leads to.
struct MappedValue {
  enum class Kind : std::uint8_t { absent, text, number, boolean, other };

  Kind kind = Kind::absent;  ///< null counts as absent
  std::string text;          ///< of a text
  double number = 0;         ///< of a number; 1 for true
};

/// What names lead to pointers, from the top of a payload on.
struct PayloadPlace {
  std::string name;
  std::vector<std::size_t> next;  ///< places below it
  std::optional<std::size_t> pointer;
};

constexpr std::size_t kNowhere = SIZE_MAX;

/// Picks the values of all pointers out of one reading of a payload. Of members with the same name the first
/// counts, with all that is below it.
class MemberPicker {
 public:
  explicit MemberPicker(const std::vector<mapping::Pointer>& pointers) : values(pointers.size()) {
    places_.emplace_back();
    for (std::size_t i = 0; i < pointers.size(); ++i) {
      std::size_t at = 0;
      for (const std::string& token : pointers[i].tokens) at = below_or_new(at, token);
      places_[at].pointer = i;
    }
  }

  /// False when the text is not one JSON object.
  bool read(std::string_view payload) {
    std::ranges::fill(values, MappedValue());
    padded_.assign(payload);
    padded_.append(simdjson::SIMDJSON_PADDING, ' ');
    json::document document;
    json::object object;
    if (parser_.iterate(padded_.data(), payload.size(), padded_.size()).get(document) ||
        document.get_object().get(object) || read_members(object, 0, 1)) {
      return false;
    }
    return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  }

  std::vector<MappedValue> values;

 private:
  std::size_t below(std::size_t place, std::string_view name) const {
    if (place == kNowhere) return kNowhere;
    for (const std::size_t next : places_[place].next) {
      if (places_[next].name == name) return next;
    }
    return kNowhere;
  }

  std::size_t below_or_new(std::size_t place, const std::string& name) {
    if (const std::size_t found = below(place, name); found != kNowhere) return found;
    const std::size_t made = places_.size();
    places_.push_back({.name = name, .next = {}, .pointer = {}});
    places_[place].next.push_back(made);
    return made;
  }

  void found(std::size_t place, MappedValue value) {
    if (place != kNowhere && places_[place].pointer) values[*places_[place].pointer] = std::move(value);
  }

  error_code read_members(json::object object, std::size_t place, int depth) {
    std::vector<std::size_t> seen;
    for (auto field : object) {
      std::string_view name;
      if (const auto error = field.error()) return error;
      if (const auto error = field.unescaped_key().get(name)) return error;
      std::size_t at = below(place, name);
      if (at != kNowhere) {
        if (std::ranges::find(seen, at) != seen.end()) {
          at = kNowhere;
        } else {
          seen.push_back(at);
        }
      }
      if (const auto error = read_value(field.value().value_unsafe(), at, depth)) return error;
    }
    return simdjson::SUCCESS;
  }

  error_code read_elements(json::array array, std::size_t place, int depth) {
    std::uint64_t index = 0;
    for (auto element : array) {
      json::value value;
      if (const auto error = element.get(value)) return error;
      const std::size_t at = place == kNowhere ? kNowhere : below(place, fmt::format("{}", index++));
      if (const auto error = read_value(value, at, depth)) return error;
    }
    return simdjson::SUCCESS;
  }

  error_code read_value(json::value value, std::size_t place, int depth) {
    if (depth > event::kDepthMax) return simdjson::DEPTH_ERROR;
    json::json_type type;
    if (const auto error = value.type().get(type)) return error;
    switch (type) {
      case json::json_type::string: {
        std::string_view text;
        if (const auto error = value.get_string().get(text)) return error;
        if (place != kNowhere)
          found(place, {.kind = MappedValue::Kind::text, .text = std::string(text), .number = 0});
        return simdjson::SUCCESS;
      }
      case json::json_type::array: {
        found(place, {.kind = MappedValue::Kind::other, .text = {}, .number = 0});
        json::array array;
        if (const auto error = value.get_array().get(array)) return error;
        return read_elements(array, place, depth + 1);
      }
      case json::json_type::object: {
        found(place, {.kind = MappedValue::Kind::other, .text = {}, .number = 0});
        json::object object;
        if (const auto error = value.get_object().get(object)) return error;
        return read_members(object, place, depth + 1);
      }
      case json::json_type::boolean: {
        bool is_true = false;
        if (const auto error = value.get_bool().get(is_true)) return error;
        found(place, {.kind = MappedValue::Kind::boolean, .text = {}, .number = is_true ? 1.0 : 0.0});
        return simdjson::SUCCESS;
      }
      case json::json_type::number:
        found(place, {.kind = MappedValue::Kind::number, .text = {}, .number = number_of(value)});
        return simdjson::SUCCESS;
      case json::json_type::null:
        return value.is_null() ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
    }
    return simdjson::INCORRECT_TYPE;
  }

  /// Infinite where a double cannot hold it, which is not an integer then.
  static double number_of(json::value value) {
    double number = 0;
    return value.get_double().get(number) ? std::numeric_limits<double>::infinity() : number;
  }

  std::vector<PayloadPlace> places_;
  json::parser parser_;
  std::string padded_;
};

// NOLINTEND(misc-use-internal-linkage)

namespace {

std::optional<std::int64_t> whole_number_of(const MappedValue& value) {
  if (value.kind != MappedValue::Kind::number || value.number != std::floor(value.number))
    return std::nullopt;
  if (std::abs(value.number) > static_cast<double>(kIntegerMax)) return std::nullopt;
  return static_cast<std::int64_t>(value.number);
}

/// An integer, also one that is written as a string.
std::optional<std::int64_t> count_of(const MappedValue& value) {
  if (value.kind != MappedValue::Kind::text) return whole_number_of(value);
  const std::string_view digits = value.text;
  const std::size_t sign = digits.starts_with('-') ? 1 : 0;
  if (digits.size() - sign > static_cast<std::size_t>(mapping::kDigitsMax)) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || at != end) return std::nullopt;
  return number;
}

std::optional<std::string> text_of(const MappedValue& value) {
  if (value.kind == MappedValue::Kind::text) return value.text;
  if (value.kind == MappedValue::Kind::boolean) return value.number != 0 ? "true" : "false";
  const auto integer = whole_number_of(value);
  if (!integer) return std::nullopt;
  return fmt::format("{}", *integer);
}

// --- times ---

constexpr std::int64_t kUsPerSecond = 1'000'000;
constexpr std::int64_t kUsMax = (mapping::kSecondMax + 1) * kUsPerSecond - 1;
/// What is taken from a moment is not longer than all time.
constexpr std::int64_t kMinusMax = mapping::kSecondMax * 1'000;

/// Digits where the form has a `0`, and the form's own character elsewhere.
bool has_form(std::string_view text, std::string_view form) {
  return std::ranges::equal(
      text, form, [](char c, char wanted) { return wanted == '0' ? c >= '0' && c <= '9' : c == wanted; });
}

int number_at(std::string_view text, std::size_t at, std::size_t size) {
  int number = 0;
  for (const char c : text.substr(at, size)) number = 10 * number + (c - '0');
  return number;
}

/// Of `YYYY-MM-DD?HH:MM:SS`; nothing for a moment that does not exist.
std::optional<std::int64_t> second_of(std::string_view text) {
  const std::chrono::year_month_day day(std::chrono::year(number_at(text, 0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number_at(text, 5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number_at(text, 8, 2))));
  if (!day.ok() || number_at(text, 11, 2) > 23 || number_at(text, 14, 2) > 59 || number_at(text, 17, 2) > 59)
    return std::nullopt;
  return 86'400LL * std::chrono::sys_days(day).time_since_epoch().count() + 3'600LL * number_at(text, 11, 2) +
         60LL * number_at(text, 14, 2) + number_at(text, 17, 2);
}

/// A text that says UTC by its Z, in microseconds.
std::optional<std::int64_t> utc_us(std::string_view text) {
  constexpr std::size_t kSeconds = 19;
  constexpr std::size_t kFractionMax = 9;
  if (text.size() <= kSeconds || !text.ends_with('Z')) return std::nullopt;
  text.remove_suffix(1);
  if (!has_form(text.substr(0, kSeconds), "0000-00-00T00:00:00")) return std::nullopt;
  const auto second = second_of(text);
  if (!second) return std::nullopt;
  std::string_view fraction = text.substr(kSeconds);
  std::int64_t us = 0;
  if (!fraction.empty()) {
    if (fraction[0] != '.' || fraction.size() < 2 || fraction.size() > 1 + kFractionMax) return std::nullopt;
    fraction.remove_prefix(1);
    if (!std::ranges::all_of(fraction, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
    std::int64_t weight = kUsPerSecond / 10;
    for (const char c : fraction) {
      us += weight * (c - '0');
      weight /= 10;
    }
  }
  return *second * kUsPerSecond + us;
}

/// A time without zone, which is in UTC, as RFC 3339 writes it; nothing of a text in another form. Whether
/// there is such a day is not asked.
std::optional<std::string> in_utc(std::string_view text, mapping::TimeForm form) {
  constexpr std::size_t kSeconds = 19;
  constexpr std::size_t kFractionMax = 9;
  std::string whole(text);
  if (form == mapping::TimeForm::minute) {
    if (!has_form(text, "0000-00-00 00:00")) return std::nullopt;
    whole += ":00";
  }
  if (whole.size() > kSeconds) {
    const std::string_view fraction = std::string_view(whole).substr(kSeconds);
    if (fraction[0] != '.' || fraction.size() < 2 || fraction.size() > 1 + kFractionMax ||
        !std::ranges::all_of(fraction.substr(1), [](char c) { return c >= '0' && c <= '9'; }))
      return std::nullopt;
  }
  const std::string_view moment = std::string_view(whole).substr(0, kSeconds);
  if (!has_form(moment, "0000-00-00 00:00:00") && !has_form(moment, "0000-00-00T00:00:00"))
    return std::nullopt;
  if (number_at(moment, 11, 2) > 23 || number_at(moment, 14, 2) > 59 || number_at(moment, 17, 2) > 59)
    return std::nullopt;
  whole[10] = 'T';
  return whole + 'Z';
}

std::string spelled(std::int64_t us) {
  const std::chrono::sys_seconds second{std::chrono::seconds(us / kUsPerSecond)};
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(second - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     us % kUsPerSecond);
}

std::optional<std::int64_t> moment_of(const MappedValue& value, mapping::TimeForm form) {
  using enum mapping::TimeForm;
  if (form == rfc3339) return value.kind == MappedValue::Kind::text ? utc_us(value.text) : std::nullopt;
  if (form == minute || form == datetime) {
    const auto text = value.kind == MappedValue::Kind::text ? in_utc(value.text, form) : std::nullopt;
    return text ? utc_us(*text) : std::nullopt;
  }
  const auto count = count_of(value);
  const std::int64_t us = form == epoch_s ? kUsPerSecond : form == epoch_ms ? 1'000 : 1;
  if (!count || *count < 0 || *count > kUsMax / us) return std::nullopt;
  return *count * us;
}

// --- what a rule makes of its values: nothing where it cannot convert them ---

using Converted = std::optional<mapping::Scalar>;

Converted converted(const std::optional<std::string>& text) {
  return text ? Converted(*text) : std::nullopt;
}

class Conversion {
 public:
  Conversion(const mapping::Rule& rule, std::vector<const MappedValue*> values)
      : rule_(rule), values_(std::move(values)) {}

  Converted operator()(const mapping::Copy&) const {
    const MappedValue& value = *values_[0];
    if (event::kFields[rule_.field].type != event::FieldType::integer)
      return value.kind == MappedValue::Kind::text ? Converted(value.text) : std::nullopt;
    const auto integer = whole_number_of(value);
    return integer ? Converted(*integer) : std::nullopt;
  }

  Converted operator()(const mapping::AsText&) const { return converted(text_of(*values_[0])); }

  Converted operator()(const mapping::Table& table) const {
    const auto text = text_of(*values_[0]);
    const auto found = text ? table.values.find(*text) : table.values.end();
    return found == table.values.end() ? rule_.fallback : found->second;
  }

  Converted operator()(const mapping::Duration& duration) const {
    const auto count = count_of(*values_[0]);
    if (!count || *count < 0) return std::nullopt;
    if (duration.unit == mapping::Unit::us) return *count / 1'000;
    const std::int64_t ms = duration.unit == mapping::Unit::min ? 60'000
                            : duration.unit == mapping::Unit::s ? 1'000
                                                                : 1;
    if (*count > kIntegerMax / ms) return std::nullopt;
    return *count * ms;
  }

  Converted operator()(const mapping::Time& time) const {
    const MappedValue& value = *values_[0];
    if (values_.size() == 1 && time.form == mapping::TimeForm::rfc3339)
      return value.kind == MappedValue::Kind::text ? Converted(value.text) : std::nullopt;
    if (values_.size() == 1 &&
        (time.form == mapping::TimeForm::minute || time.form == mapping::TimeForm::datetime))
      return converted(value.kind == MappedValue::Kind::text ? in_utc(value.text, time.form) : std::nullopt);
    auto us = moment_of(value, time.form);
    if (!us) return std::nullopt;
    if (values_.size() > 1) {
      const auto minus = count_of(*values_[1]);
      if (!minus || *minus < 0 || *minus > kMinusMax) return std::nullopt;
      *us -= 1'000 * *minus;
    }
    if (*us < 0 || *us > kUsMax) return std::nullopt;
    return spelled(*us);
  }

  Converted operator()(const mapping::Uuid5& uuid5) const {
    std::string name;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const auto part = text_of(*values_[i]);
      if (!part) return std::nullopt;
      name += (i == 0 ? "" : uuid5.separator) + *part;
    }
    return base::to_string(base::uuid5(uuid5.name_space, name));
  }

 private:
  const mapping::Rule& rule_;
  std::vector<const MappedValue*> values_;
};

void append(std::string& out, const mapping::Scalar& scalar) {
  if (const auto* const text = std::get_if<std::string>(&scalar)) {
    base::append_json_string(out, *text);
  } else {
    fmt::format_to(std::back_inserter(out), "{}", std::get<std::int64_t>(scalar));
  }
}

}  // namespace

struct EventMapper::Parts {
  explicit Parts(std::vector<mapping::Pointer> all) : pointers(std::move(all)), picker(pointers) {}

  std::vector<mapping::Pointer> pointers;
  MemberPicker picker;
};

EventMapper::EventMapper(const mapping::Mapping& mapping)
    : parts_(std::make_unique<Parts>(mapping::pointers_of(mapping))), mapping_(mapping) {}

EventMapper::~EventMapper() = default;

Result<std::string_view> EventMapper::map(std::string_view payload) {
  if (!parts_->picker.read(payload)) return fail(ErrorKind::bad_input, "not one JSON object");
  event_.clear();
  event_ += '{';
  for (const mapping::Rule& rule : mapping_.rules) {
    std::vector<const MappedValue*> values;
    for (const mapping::Pointer& pointer : rule.from) {
      const auto at = std::ranges::find(parts_->pointers, pointer) - parts_->pointers.begin();
      values.push_back(&parts_->picker.values[static_cast<std::size_t>(at)]);
    }
    const bool is_there = std::ranges::none_of(
        values, [](const MappedValue* value) { return value->kind == MappedValue::Kind::absent; });
    if (!is_there && !rule.fallback) continue;
    event_ += fmt::format("{}\"{}\":", event_.size() > 1 ? "," : "", event::kFields[rule.field].name);
    const Converted value =
        rule.from.empty() || !is_there ? rule.fallback : std::visit(Conversion(rule, values), rule.how);
    // What no field admits.
    value ? append(event_, *value) : void(event_ += "{}");
  }
  event_ += '}';
  return std::string_view(event_);
}

}  // namespace sdp::verify
