#include "event/decode.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "event/rfc3339.h"

namespace sdp::event {
namespace {

using Refusal = std::optional<Reason>;

// One overload a type: the value goes to `out`, or the rule it breaks comes back.

Refusal read(std::string_view text, Uuid& out) {
  const auto uuid = base::parse_uuid(text);
  if (!uuid) return Reason::bad_uuid;
  out = *uuid;
  return {};
}

template <typename Choice, std::size_t N>
Refusal read_choice(std::string_view text, const std::array<std::string_view, N>& words, Reason unknown,
                    Choice& out) {
  const auto found = std::ranges::find(words, text);
  if (found == words.end()) return unknown;
  out = static_cast<Choice>(found - words.begin());
  return {};
}

Refusal read(std::string_view text, EventType& out) {
  return read_choice(text, kEventTypes, Reason::unknown_event_type, out);
}

Refusal read(std::string_view text, DeviceType& out) {
  return read_choice(text, kDeviceTypes, Reason::unknown_device_type, out);
}

Refusal read(std::string_view text, Country& out) {
  const auto is_letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (text.size() != out.letters.size() || !std::ranges::all_of(text, is_letter)) return Reason::bad_country;
  std::ranges::copy(text, out.letters.begin());
  return {};
}

Refusal read(std::string_view text, UtcMillis& out) {
  const auto time = parse_rfc3339(text);
  if (!time) return Reason::bad_timestamp;
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(*time));
  if (date.year() < std::chrono::year(kYearMin) || date.year() > std::chrono::year(kYearMax)) {
    return Reason::bad_timestamp;
  }
  out = *time;
  return {};
}

Refusal read(std::string_view digits, std::int64_t& out) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  // The scanner let nothing but an integer through: an error can only mean that it does not fit into 64 bits.
  if (error != std::errc{} || out < 0 || out > kIntegerMax) return Reason::out_of_range;
  return {};
}

template <std::size_t I>
Refusal read_field(const Found& found, Member<I>& out) {
  constexpr Field kField = kFields[I];
  if (found.kind == Found::Kind::absent || found.kind == Found::Kind::null) {
    return kField.required ? Refusal(Reason::missing_field) : Refusal();
  }
  const auto wanted = kField.type == FieldType::integer ? Found::Kind::integer : Found::Kind::string;
  if (found.kind != wanted) return Reason::wrong_type;
  if constexpr (kField.type == FieldType::text) {
    if (kField.required && found.text.empty()) return Reason::empty_text;
    out = found.text;
    return {};
  } else if constexpr (kField.required) {
    return read(found.text, out);
  } else {
    return read(found.text, out.emplace());
  }
}

constexpr std::size_t index_of(std::string_view name) {
  std::size_t i = 0;
  while (kFields[i].name != name) ++i;
  return i;
}
constexpr std::size_t kTimestamp = index_of("timestamp");

/// The fourth to the sixth digit of a time's fraction, as a number; digits that are absent are zeros.
int below_ms(std::string_view time) {
  std::array<int, 6> digits{};
  const auto point = time.find('.');
  if (point == std::string_view::npos) return 0;
  const std::string_view fraction = time.substr(point + 1);
  for (std::size_t i = 0; i < std::min(digits.size(), fraction.size()); ++i) {
    // The offset has digits of its own.
    if (fraction[i] < '0' || fraction[i] > '9') break;
    digits[i] = fraction[i] - '0';
  }
  return 100 * digits[3] + 10 * digits[4] + digits[5];
}

}  // namespace

std::string_view name(Reason reason) {
  switch (reason) {
    case Reason::missing_field:
      return "missing_field";
    case Reason::wrong_type:
      return "wrong_type";
    case Reason::empty_text:
      return "empty_text";
    case Reason::bad_uuid:
      return "bad_uuid";
    case Reason::unknown_event_type:
      return "unknown_event_type";
    case Reason::unknown_device_type:
      return "unknown_device_type";
    case Reason::bad_country:
      return "bad_country";
    case Reason::bad_timestamp:
      return "bad_timestamp";
    case Reason::out_of_range:
      return "out_of_range";
  }
  return "missing_field";
}

Result<Verdict> Decoder::decode(std::string_view json) {
  SDP_TRY(const auto found, scanner_.scan(json));
  ListeningEvent event;
  const auto values = members(event);
  Faults faults;
  const auto judge = [&]<std::size_t I>() {
    if (const auto refusal = read_field<I>(found[I], std::get<I>(values))) {
      faults.push_back({*refusal, kFields[I].name});
    }
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (judge.template operator()<I>(), ...);
  }(std::make_index_sequence<kFields.size()>{});
  if (!faults.empty()) return Verdict(std::unexpected(std::move(faults)));
  timestamp_below_ms_ = below_ms(found[kTimestamp].text);
  return Verdict(std::move(event));
}

}  // namespace sdp::event
