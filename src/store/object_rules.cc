#include "store/object_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace sdp::store {
namespace {

// Bytes of the UTF-8 character at the start of `text` (RFC 3629: shortest form, no surrogates), 0 when there
// is none.
std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0; };
  const auto follows = [&](std::size_t i) { return (at(i) & 0xC0) == 0x80; };
  const int first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if ((first == 0xE0 && at(1) < 0xA0) || (first == 0xED && at(1) > 0x9F)) return 0;
    return follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if ((first == 0xF0 && at(1) < 0x90) || (first == 0xF4 && at(1) > 0x8F)) return 0;
    return follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

bool is_plain_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto first = static_cast<std::uint8_t>(text[0]);
    const std::size_t length = utf8_length(text);
    if (length == 0 || first < 0x20 || first == 0x7F) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7E; });
}

bool is_header_value(std::string_view text) {
  return is_printable_ascii(text) && !text.starts_with(' ') && !text.ends_with(' ') && !text.contains("  ");
}

// Servers count the `x-amz-meta-` before each name, too.
constexpr std::size_t kMetadataNameOverhead = 11;

bool is_metadata_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// Names an unfit key in a message without passing control characters on.
std::string shown(std::string_view key) {
  std::string text;
  for (const char c : key.substr(0, 200)) {
    if (c >= 0x20 && c <= 0x7E) {
      text += c;
    } else {
      text += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(c));
    }
  }
  return text;
}

std::unexpected<Error> refuse(std::string_view what, std::string_view key, std::string_view why) {
  return fail(ErrorKind::bad_input, fmt::format("{} \"{}\" {}", what, shown(key), why));
}

Result<void> check_segments(std::string_view what, std::string_view key, std::string_view segments) {
  for (std::size_t start = 0; start <= segments.size();) {
    const std::size_t end = std::min(segments.find('/', start), segments.size());
    const std::string_view segment = segments.substr(start, end - start);
    if (segment.empty())
      return refuse(what, key, "has an empty segment (a leading, trailing or doubled '/')");
    if (segment == "." || segment == "..") return refuse(what, key, "has a segment \".\" or \"..\"");
    start = end + 1;
  }
  return {};
}

Result<void> check_text(std::string_view what, std::string_view key) {
  if (key.size() > kKeyBytesMax) {
    return refuse(what, key, fmt::format("(cut here) has {} bytes, more than {}", key.size(), kKeyBytesMax));
  }
  if (!is_plain_utf8(key)) return refuse(what, key, "is not UTF-8, or has control characters");
  return {};
}

/// libcurl 7 signs headers in the byte order of whole lines, servers in that of names; they differ where a
/// name goes on where another one ends, with what stands before ':'.
Result<void> check_order(const Metadata& metadata) {
  for (auto next = metadata.begin(); next != metadata.end();) {
    const std::string& name = next->first;
    if (++next == metadata.end()) break;
    // Names that begin alike are neighbours.
    if (next->first.starts_with(name) && next->first[name.size()] < ':') {
      return refuse("metadata name", next->first,
                    fmt::format("goes on where the name {} ends, which not every S3 client can sign", name));
    }
  }
  return {};
}

}  // namespace

Result<void> check_key(std::string_view key) {
  SDP_RETURN_IF_ERROR(check_text("object key", key));
  return check_segments("object key", key, key);
}

Result<void> check_prefix(std::string_view prefix) {
  SDP_RETURN_IF_ERROR(check_text("key prefix", prefix));
  const std::size_t slash = prefix.rfind('/');
  if (slash == std::string_view::npos) return {};
  return check_segments("key prefix", prefix, prefix.substr(0, slash));
}

Result<void> check_folder_prefix(std::string_view prefix) {
  if (!prefix.empty() && !prefix.ends_with('/')) return refuse("folder", prefix, "does not end in '/'");
  return check_prefix(prefix);
}

Result<void> check_metadata(const Metadata& metadata) {
  SDP_RETURN_IF_ERROR(check_order(metadata));
  std::size_t bytes = 0;
  for (const auto& [name, value] : metadata) {
    bytes += kMetadataNameOverhead + name.size() + value.size();
    if (!is_metadata_name(name)) return refuse("metadata name", name, "is not made of [a-z0-9-]");
    if (!is_header_value(value)) {
      return refuse("metadata value", value,
                    fmt::format("of {} is not printable ASCII, or has blanks doubled or at its ends", name));
    }
  }
  if (bytes > kMetadataBytesMax) {
    return fail(ErrorKind::bad_input,
                fmt::format("metadata has {} bytes, more than {}", bytes, kMetadataBytesMax));
  }
  return {};
}

Result<void> check_put(std::string_view key, const Metadata& metadata, std::string_view content_type) {
  SDP_RETURN_IF_ERROR(check_key(key));
  if (auto checked = check_metadata(metadata); !checked) return std::unexpected(checked.error().in(key));
  if (content_type.empty() || !is_header_value(content_type)) {
    return refuse("content type", content_type, "is not a header value");
  }
  return {};
}

}  // namespace sdp::store
