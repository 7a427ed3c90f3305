#pragma once

#include <string>
#include <string_view>

namespace sdp::base {

// Text by the rules of ASCII, whatever the locale and whatever stands beyond ASCII.

/// White space of JSON, of HTTP's headers and of lines.
inline constexpr std::string_view kBlanks = " \t\r\n";

constexpr bool is_blank(char c) {
  return kBlanks.contains(c);
}

/// Without what is in `blanks` at one end, or at both.
std::string_view trimmed_front(std::string_view text, std::string_view blanks = kBlanks);
std::string_view trimmed_back(std::string_view text, std::string_view blanks = kBlanks);
std::string_view trimmed(std::string_view text, std::string_view blanks = kBlanks);

std::string lower(std::string_view text);
std::string upper(std::string_view text);

}  // namespace sdp::base
