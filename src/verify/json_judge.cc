#include "verify/json_judge.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace sdp::verify {
namespace {

using lake::RejectCode;

constexpr std::string_view kWhiteSpace = " \t\r\n";

/// The length of the UTF-8 sequence at `at` (RFC 3629: shortest form, no surrogates), 0 when there is none.
std::size_t utf8_length(const unsigned char* at, const unsigned char* end) {
  const auto tail = [&](std::ptrdiff_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return end - at > i && at[i] >= low && at[i] <= high;
  };
  const unsigned c = at[0];
  if (c < 0x80) return 1;
  if (c >= 0xC2 && c <= 0xDF) return tail(1) ? 2 : 0;
  if (c >= 0xE0 && c <= 0xEF) {
    const bool second = tail(1, c == 0xE0 ? 0xA0 : 0x80, c == 0xED ? 0x9F : 0xBF);
    return second && tail(2) ? 3 : 0;
  }
  if (c >= 0xF0 && c <= 0xF4) {
    const bool second = tail(1, c == 0xF0 ? 0x90 : 0x80, c == 0xF4 ? 0x8F : 0xBF);
    return second && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

bool is_reserved(std::string_view name) {
  return name.starts_with("_kafka_") || name == "_error" || name == "_raw";
}

/// What one pass over a text has found; depth, reserved and nul also when the text breaks off later.
struct Features {
  bool valid = false;
  bool object = false;
  std::size_t depth = 0;
  bool reserved = false;
  bool nul = false;
};

/// A strict reader of one JSON text (RFC 8259) that keeps nothing and does not recurse.
class Parser {
 public:
  explicit Parser(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  Features run() {
    features_.valid = text();
    return features_;
  }

 private:
  bool text() {
    skip_space();
    features_.object = at_ < end_ && *at_ == '{';
    if (!value_or_open()) return false;
    while (!open_.empty()) {
      if (!next_in_container()) return false;
    }
    skip_space();
    return at_ == end_;
  }

  void skip_space() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }

  bool take(char wanted) {
    skip_space();
    if (at_ == end_ || *at_ != wanted) return false;
    ++at_;
    return true;
  }

  /// Reads a scalar, or goes into an object or array.
  bool value_or_open() {
    skip_space();
    if (at_ == end_) return false;
    switch (*at_) {
      case '{':
      case '[':
        open_.push_back(*at_++ == '{');
        features_.depth = std::max(features_.depth, open_.size());
        fresh_ = true;
        return true;
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  /// Goes on behind an opening bracket or behind a value: a closing bracket, or a comma (if one is due) and a
  /// value.
  bool next_in_container() {
    const bool object = open_.back();
    if (take(object ? '}' : ']')) {
      open_.pop_back();
      fresh_ = false;
      return true;
    }
    if (!fresh_ && !take(',')) return false;
    fresh_ = false;
    if (object && !member_name()) return false;
    return value_or_open();
  }

  bool member_name() {
    skip_space();
    const bool top = open_.size() == 1;
    const char* start = at_;
    if (at_ == end_ || *at_ != '"') return false;
    if (top) name_.clear();
    keep_ = top && could_be_reserved(start + 1);
    const bool good = string();
    keep_ = false;
    if (good && top && is_reserved(name_)) features_.reserved = true;
    return good && take(':');
  }

  bool could_be_reserved(const char* name) const { return name < end_ && (*name == '_' || *name == '\\'); }

  bool string() {
    ++at_;
    while (at_ < end_) {
      const auto c = static_cast<unsigned char>(*at_);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c < 0x20) return false;
      if (c == '\\') {
        if (!escape()) return false;
        continue;
      }
      if (keep_) name_.push_back(*at_);
      ++at_;
    }
    return false;
  }

  bool escape() {
    if (end_ - at_ < 2) return false;
    const char kind = at_[1];
    at_ += 2;
    if (kind == 'u') return unicode_escape();
    // Of the short escapes, none but \/ stands for a character which a reserved name has, and none has '/'.
    if (keep_) name_.push_back('\\');
    return std::string_view("\"\\/bfnrt").contains(kind);
  }

  /// An escape of a surrogate counts only as the first half of a pair: alone it is not a character.
  bool unicode_escape() {
    unsigned code = 0;
    if (!hex4(code) || (code >= 0xDC00 && code <= 0xDFFF)) return false;
    if (code >= 0xD800 && code <= 0xDBFF) {
      unsigned low = 0;
      if (end_ - at_ < 2 || at_[0] != '\\' || at_[1] != 'u') return false;
      at_ += 2;
      if (!hex4(low) || low < 0xDC00 || low > 0xDFFF) return false;
    }
    if (code == 0) features_.nul = true;
    if (keep_) name_.push_back(code < 0x80 ? static_cast<char>(code) : '?');
    return true;
  }

  bool hex4(unsigned& code) {
    if (end_ - at_ < 4) return false;
    for (int i = 0; i < 4; ++i) {
      const int digit = hex_digit(at_[i]);
      if (digit < 0) return false;
      code = code << 4 | static_cast<unsigned>(digit);
    }
    at_ += 4;
    return true;
  }

  static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  }

  bool word(std::string_view word) {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  bool digits() {
    const char* start = at_;
    while (at_ < end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    return at_ > start;
  }

  bool number() {
    if (*at_ == '-') ++at_;
    const char* start = at_;
    if (!digits()) return false;
    if (*start == '0' && at_ - start > 1) return false;
    if (at_ < end_ && *at_ == '.') {
      ++at_;
      if (!digits()) return false;
    }
    if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      if (at_ < end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      return digits();
    }
    return true;
  }

  const char* at_;
  const char* end_;
  std::vector<bool> open_;  // innermost last; true for an object
  bool fresh_ = false;      // directly behind an opening bracket
  bool keep_ = false;
  std::string name_;
  Features features_;
};

bool is_blank(std::string_view value) {
  return value.find_first_not_of(kWhiteSpace) == std::string_view::npos;
}

/// Whether `code` is true of these bytes as they are.
bool is_true_reason(RejectCode code, std::string_view value, std::size_t value_bytes_max) {
  const Features found = Parser(value).run();
  switch (code) {
    case RejectCode::tombstone:
      return false;
    case RejectCode::empty_value:
      return is_blank(value);
    case RejectCode::too_large:
      return value.size() > value_bytes_max;
    case RejectCode::not_utf8:
      return !is_utf8(value);
    case RejectCode::not_json:
      return !found.valid && !is_blank(value);
    case RejectCode::not_object:
      return found.valid && !found.object;
    case RejectCode::too_deep:
      return found.depth > static_cast<std::size_t>(lake::kJsonDepthMax);
    case RejectCode::reserved_member:
      return found.object && found.reserved;
    case RejectCode::nul_character:
      return found.nul;
    case RejectCode::line_too_large:
    case RejectCode::batch_too_large:
    case RejectCode::batch_undecodable:
    case RejectCode::batch_bad_checksum:
    case RejectCode::batch_unknown_codec:
    case RejectCode::batch_malformed:
      return false;
  }
  return false;
}

}  // namespace

bool is_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = at + text.size();
  while (at < end) {
    // Eight plain bytes at once, as most are.
    if (std::uint64_t word = 0;
        end - at >= 8 && (std::memcpy(&word, at, 8), (word & 0x8080808080808080U) == 0)) {
      at += 8;
      continue;
    }
    const std::size_t length = utf8_length(at, end);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::optional<Unframed> unframed(std::string_view value) {
  constexpr std::size_t kFrameBytes = 5;
  if (!value.starts_with('\0') || value.size() <= kFrameBytes) return std::nullopt;
  const auto begin = value.find_first_not_of(kWhiteSpace, kFrameBytes);
  if (begin == std::string_view::npos || value[begin] != '{') return std::nullopt;
  return Unframed{value.substr(0, kFrameBytes), value.substr(kFrameBytes)};
}

std::optional<RejectCode> judge(std::optional<std::string_view> value, std::size_t value_bytes_max) {
  if (!value) return RejectCode::tombstone;
  if (is_blank(*value)) return RejectCode::empty_value;
  if (value->size() > value_bytes_max) return RejectCode::too_large;
  if (const auto parts = unframed(*value)) value = parts->json;
  if (!is_utf8(*value)) return RejectCode::not_utf8;
  const Features found = Parser(*value).run();
  if (found.depth > static_cast<std::size_t>(lake::kJsonDepthMax)) return RejectCode::too_deep;
  if (!found.valid) return RejectCode::not_json;
  if (!found.object) return RejectCode::not_object;
  if (found.reserved) return RejectCode::reserved_member;
  if (found.nul) return RejectCode::nul_character;
  return std::nullopt;
}

bool is_true_reason(RejectCode code, std::optional<std::string_view> value, std::size_t value_bytes_max) {
  if (!value || code == RejectCode::tombstone) return !value && code == RejectCode::tombstone;
  if (is_true_reason(code, *value, value_bytes_max)) return true;
  const auto parts = unframed(*value);
  return parts && code != RejectCode::too_large && is_true_reason(code, parts->json, value_bytes_max);
}

}  // namespace sdp::verify
