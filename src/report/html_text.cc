#include "report/html_text.h"

#include <fmt/format.h>

#include <cstdint>

namespace sdp::report {
namespace {

constexpr std::size_t kEscapedMax = 2'000;
constexpr std::string_view kReplacement = "\uFFFD";
constexpr std::string_view kEllipsis = "…";
constexpr char32_t kInvalid = 0xFFFFFFFF;

struct Character {
  char32_t code = kInvalid;
  std::size_t bytes = 1;
};

/// The character at the beginning of a text that is not empty (RFC 3629); one byte that is none otherwise.
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  char32_t code = lead & (0x7F >> bytes);
  for (std::size_t at = 1; at < bytes; ++at) {
    if ((byte(at) & 0xC0) != 0x80) return {};
    code = (code << 6) | (byte(at) & 0x3F);
  }
  const bool is_long = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
  const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (is_long || is_surrogate || code > 0x10FFFF) return {};
  return {code, bytes};
}

/// Marks that change how the text around them is ordered on screen.
bool turns_direction(char32_t code) {
  return code == 0x061C || code == 0x200E || code == 0x200F || (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069);
}

/// Neither a character of HTML nor of XML.
bool is_no_character(char32_t code) {
  return code == kInvalid || (code >= 0x80 && code < 0xA0) || (code >= 0xFDD0 && code <= 0xFDEF) ||
         (code & 0xFFFE) == 0xFFFE;
}

/// U+2400 is the picture of NUL, and so on.
void append_picture(std::string& html, char32_t code) {
  const char32_t picture = code == 0x7F ? 0x2421 : 0x2400 + code;
  html += static_cast<char>(0xE0 | (picture >> 12));
  html += static_cast<char>(0x80 | ((picture >> 6) & 0x3F));
  html += static_cast<char>(0x80 | (picture & 0x3F));
}

void append(std::string& html, const Character& character, std::string_view bytes) {
  const char32_t code = character.code;
  if (is_no_character(code)) {
    html += kReplacement;
  } else if (code < 0x20 || code == 0x7F) {
    append_picture(html, code);
  } else if (turns_direction(code)) {
    html += fmt::format("[U+{:04X}]", static_cast<std::uint32_t>(code));
  } else if (code == '<') {
    html += "&lt;";
  } else if (code == '>') {
    html += "&gt;";
  } else if (code == '&') {
    html += "&amp;";
  } else if (code == '"') {
    html += "&quot;";
  } else if (code == '\'') {
    html += "&#39;";
  } else {
    html += bytes;
  }
}

}  // namespace

HtmlText html_text(std::string_view text, std::size_t characters_max) {
  HtmlText shown;
  for (std::size_t characters = 0; !text.empty(); ++characters) {
    if (characters == characters_max) {
      shown.html += kEllipsis;
      shown.cut = true;
      break;
    }
    const Character character = first_character(text);
    append(shown.html, character, text.substr(0, character.bytes));
    text.remove_prefix(character.bytes);
  }
  return shown;
}

std::string escaped(std::string_view text) {
  return html_text(text, kEscapedMax).html;
}

}  // namespace sdp::report
