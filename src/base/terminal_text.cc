#include "base/terminal_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace sdp::base {
namespace {

/// Of a character of UTF-8 with three bytes at most, or of a byte.
unsigned int code_point(std::string_view character) {
  const auto byte = [&](std::size_t at) {
    return static_cast<unsigned int>(static_cast<unsigned char>(character[at]));
  };
  if (character.size() == 1) return byte(0);
  if (character.size() == 2) return (byte(0) & 0x1fU) << 6U | (byte(1) & 0x3fU);
  return (byte(0) & 0x0fU) << 12U | (byte(1) & 0x3fU) << 6U | (byte(2) & 0x3fU);
}

/// How a character that acts, or a stray byte, is written.
std::string escape_of(std::string_view character) {
  if (character == "\n") return "\\n";
  if (character == "\t") return "\\t";
  if (character == "\r") return "\\r";
  if (character.size() == 1) return fmt::format("\\x{:02x}", code_point(character));
  return fmt::format("\\u{:04x}", code_point(character));
}

template <typename Escape>
std::string with_escapes(std::string_view text, Escape escape) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0 || acts_on_terminal(character)) {
      result.append(escape(character));
    } else {
      result.append(character);
    }
    text.remove_prefix(character.size());
  }
  return result;
}

/// How many bytes the text begins with that are ASCII, in whole words.
std::size_t ascii_words(std::string_view text) {
  std::size_t at = 0;
  for (std::uint64_t word = 0; text.size() - at >= sizeof word; at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & 0x8080'8080'8080'8080) != 0) break;
  }
  return at;
}

}  // namespace

std::string shell_word(std::string_view word) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_./,:=@%+-").contains(c);
  };
  if (!word.empty() && std::ranges::all_of(word, is_plain)) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xc0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  const bool is_long_form = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool is_none = (first == 0xed && second >= 0xa0) || (first == 0xf4 && second >= 0x90);
  return is_long_form || is_none ? 0 : length;
}

bool acts_on_terminal(std::string_view character) {
  if (character.size() == 1) {
    const auto c = static_cast<unsigned char>(character[0]);
    return c < 0x20 || c == 0x7f;
  }
  // U+0080 to U+009F, U+061C, U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069
  if (character.size() == 2)
    return (character[0] == '\xc2' && character[1] < '\xa0') || character == "\u061c";
  return character == "\u200e" || character == "\u200f" || (character >= "\u2028" && character <= "\u202e") ||
         (character >= "\u2066" && character <= "\u2069");
}

std::string printable(std::string_view text) {
  return with_escapes(text, [](std::string_view) { return std::string_view("?"); });
}

std::string escaped(std::string_view text) {
  return with_escapes(text, escape_of);
}

std::string escaped_json(std::string_view json) {
  return with_escapes(
      json, [](std::string_view character) { return fmt::format("\\u{:04x}", code_point(character)); });
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    if (const std::size_t plain = ascii_words(text); plain > 0) {
      text.remove_prefix(plain);
      continue;
    }
    const std::size_t length = character_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace sdp::base
