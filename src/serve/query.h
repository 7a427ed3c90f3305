#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace sdp::serve {

/// As forms encode what was typed: %XX, and `+` for a space; nothing when it cannot be decoded.
std::optional<std::string> decoded(std::string_view text);

/// The value of a parameter behind the `?` of a target, decoded (RFC 3986, section 2.1); nothing when there
/// is none, or when it cannot be decoded.
std::optional<std::string> query_value(std::string_view target, std::string_view name);

/// A number that is not negative, and nothing behind it.
template <typename T>
std::optional<T> number_of(std::string_view text) {
  T value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || value < 0) return std::nullopt;
  return value;
}

}  // namespace sdp::serve
