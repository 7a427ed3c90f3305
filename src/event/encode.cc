#include "event/encode.h"

#include <charconv>

#include "base/encoding.h"
#include "base/utc_time.h"

namespace sdp::event {
namespace {

void append_value(std::string& out, const Uuid& value) {
  out.push_back('"');
  base::append_uuid(out, value);
  out.push_back('"');
}

void append_value(std::string& out, const std::string& value) {
  base::append_json_string(out, value);
}

void append_quoted(std::string& out, std::string_view plain) {
  out.push_back('"');
  out.append(plain);
  out.push_back('"');
}

void append_value(std::string& out, EventType value) {
  append_quoted(out, name(value));
}
void append_value(std::string& out, DeviceType value) {
  append_quoted(out, name(value));
}
void append_value(std::string& out, const Country& value) {
  append_quoted(out, value.view());
}

void append_value(std::string& out, UtcMillis value) {
  out.push_back('"');
  base::append_iso(out, value);
  out.push_back('"');
}

void append_value(std::string& out, std::int64_t value) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

/// `{"event_id":` for the first field, `,"name":` for the others, built by the compiler.
template <std::size_t I>
constexpr auto kOpening = [] {
  constexpr std::string_view kField = kFields[I].name;
  std::array<char, kField.size() + 4> text{};
  text[0] = I == 0 ? '{' : ',';
  text[1] = '"';
  kField.copy(text.data() + 2, kField.size());
  text[kField.size() + 2] = '"';
  text[kField.size() + 3] = ':';
  return text;
}();

static_assert(kFields[0].required, "the first field opens the object");

template <std::size_t I, typename T>
void append_member(std::string& out, const T& value) {
  if constexpr (kIsOptional<T>) {
    if (value) append_member<I>(out, *value);
  } else {
    out.append(kOpening<I>.data(), kOpening<I>.size());
    append_value(out, value);
  }
}

}  // namespace

void append_json(std::string& out, const ListeningEvent& event) {
  const auto values = members(event);
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (append_member<I>(out, std::get<I>(values)), ...);
  }(std::make_index_sequence<kFields.size()>{});
  out.push_back('}');
}

}  // namespace sdp::event
