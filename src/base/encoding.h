#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sdp::base {

/// Lower-case hexadecimal.
std::string hex(std::string_view bytes);
/// Standard alphabet with padding (RFC 4648, section 4).
std::string base64(std::string_view bytes);
void append_base64(std::string& out, std::string_view bytes);
/// Nothing when the text is not canonical padded base64.
std::optional<std::string> from_base64(std::string_view text);
/// Nothing when the text is not hexadecimal of even length.
std::optional<std::string> from_hex(std::string_view text);
/// Appends `text` as a JSON string with quotes (RFC 8259, section 7). The text must be valid UTF-8.
void append_json_string(std::string& out, std::string_view text);
/// The same as a text of its own.
std::string json_string(std::string_view text);

}  // namespace sdp::base
