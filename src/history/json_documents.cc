#include "history/json_documents.h"

#include <fmt/core.h>

#include <algorithm>
#include <bitset>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "history/row_reader.h"

namespace sdp::history {
namespace {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20;
}

/// What may stand behind a backslash, but for `u`.
bool is_escape(char c) {
  return std::string_view("\"\\/bfnrt").contains(c);
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

bool is_of_number(char c) {
  return (c >= '0' && c <= '9') || std::string_view("+-.eE").contains(c);
}

class Scanner {
 public:
  Scanner(ByteStream& stream, bool in_lines) : stream_(stream), in_lines_(in_lines) {
    document_.begin = stream.offset();
  }

  Document read() && {
    const char first = stream_.peek();
    if (first == '"') {
      read_string();
    } else if (first == '{' || first == '[') {
      read_brackets();
    } else {
      read_word();
    }
    return std::move(document_);
  }

 private:
  void read_brackets() {
    do {
      if (stream_.is_over()) {
        document_.end = Document::End::file;
        return;
      }
      const char c = stream_.peek();
      if (c == '"') {
        read_string();
        if (document_.end != Document::End::whole) return;
      } else if (c == '{' || c == '[') {
        if (c == '{' && begins_another()) {
          document_.end = Document::End::line;
          return;
        }
        stream_.skip();
        open(c);
      } else if (is_of_number(c)) {
        read_number();
      } else {
        stream_.skip();
        if (c == '}' || c == ']') {
          close(c);
        } else {
          put(c);
        }
      }
      if (c == '\n') {
        is_at_line_begin_ = true;
        is_indented_ = false;
      } else if (!base::is_blank(c)) {
        is_at_line_begin_ = false;
        last_ = c;
      } else {
        is_indented_ = true;
      }
    } while (depth_ > 0);
  }

  /// Whether the brace of a line cannot belong to what is before it, which was cut off. Nobody who writes a
  /// document over several lines begins one with the brace of a member.
  bool begins_another() const {
    if (!in_lines_ || !is_at_line_begin_ || depth_ > kLevels) return false;
    const bool is_element = is_array_[depth_ - 1] && (last_ == '[' || last_ == ',');
    const bool is_member = last_ == ':' && is_indented_;
    return !is_element && !is_member;
  }

  void open(char c) {
    if (depth_ < kLevels) is_array_[depth_] = c == '[';
    ++depth_;
    if (depth_ > kLevels) document_.is_changed = true;
    if (depth_ <= kLevels) append({&c, 1});
  }

  void close(char c) {
    if (depth_ <= kLevels) append({&c, 1});
    --depth_;
  }

  /// As it is where a double holds it, or where it is none.
  void read_number() {
    std::string text;
    while (!stream_.is_over() && is_of_number(stream_.peek())) {
      if (text.size() < kRowBytesMax) text += stream_.peek();
      stream_.skip();
    }
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    const bool is_finite = read.ec == std::errc() && std::abs(value) < kNumberMax;
    if (read.ptr != end || (is_finite && text.size() <= kDigitsMax)) {
      put(text);
    } else if (is_finite) {
      change(fmt::format("{}", value));
    } else if (text.contains("e-") || text.contains("E-")) {
      change("0");
    } else {
      change(text.starts_with('-') ? "-Infinity" : "Infinity");
    }
  }

  /// Neither brackets nor text: a number, a word or something broken.
  void read_word() {
    while (!stream_.is_over()) {
      const char c = stream_.peek();
      if (in_lines_ ? c == '\n' : base::is_blank(c) || c == ',' || c == ']') return;
      stream_.skip();
      put(c);
    }
    if (!in_lines_) document_.end = Document::End::file;
  }

  void read_string() {
    stream_.skip();
    put('"');
    bool is_half = false;  // a first half of a pair waits for its second one
    while (!stream_.is_over()) {
      const char c = stream_.peek();
      if (c == '\\') {
        stream_.skip();
        is_half = read_escape(is_half);
        continue;
      }
      if (std::exchange(is_half, false)) change(kHalfPair);
      if (c == '"') {
        stream_.skip();
        put(c);
        return;
      }
      if (!is_control(c)) {
        put(stream_.take_plain());
        continue;
      }
      if (c == '\n' && in_lines_) {
        document_.end = Document::End::line;
        return;
      }
      stream_.skip();
      change(fmt::format("\\u{:04x}", static_cast<unsigned>(c)));
    }
    document_.end = Document::End::file;
  }

  /// Behind a backslash. True where a first half of a pair was read and not yet written.
  bool read_escape(bool is_half) {
    const char kind = stream_.is_over() ? '\0' : stream_.peek();
    if (kind != 'u') {
      if (is_half) change(kHalfPair);
      if (!is_escape(kind)) {
        change(kHalfPair);
        return false;
      }
      stream_.skip();
      put('\\');
      put(kind);
      return false;
    }
    stream_.skip();
    std::string digits;
    unsigned code = 0;
    while (digits.size() < 4 && !stream_.is_over()) {
      const auto digit = hex_digit(stream_.peek());
      if (!digit) break;
      code = code * 16 + *digit;
      digits += stream_.peek();
      stream_.skip();
    }
    const bool is_whole = digits.size() == 4;
    const bool is_first = is_whole && code >= 0xD800 && code < 0xDC00;
    const bool is_second = is_whole && code >= 0xDC00 && code < 0xE000;
    if (is_half && is_second) {
      put("\\u");
      put(first_half_);
      put("\\u");
      put(digits);
      return false;
    }
    if (is_half) change(kHalfPair);
    if (is_first) {
      first_half_ = std::move(digits);
      return true;
    }
    if (is_second) {
      change(kHalfPair);
    } else if (is_whole) {
      put("\\u");
      put(digits);
    } else {
      change(kHalfPair);
      put('u');
      put(digits);
    }
    return false;
  }

  void change(std::string_view text) {
    document_.is_changed = true;
    put(text);
  }
  void put(char c) { put(std::string_view(&c, 1)); }
  void put(std::string_view text) {
    if (depth_ <= static_cast<std::size_t>(kDepthMax)) append(text);
  }
  void append(std::string_view text) {
    if (document_.text.size() + text.size() > kRowBytesMax) document_.is_too_long = true;
    if (!document_.is_too_long) document_.text += text;
  }

  /// RapidJSON takes no number above this.
  static constexpr double kNumberMax = 1e307;
  static constexpr std::size_t kDigitsMax = 64;
  /// How many brackets are kept of what nests: the last is one too many.
  static constexpr std::size_t kLevels = std::size_t{kDepthMax} + 1;

  ByteStream& stream_;
  const bool in_lines_;
  Document document_;
  std::bitset<kLevels> is_array_;
  std::size_t depth_ = 0;
  char last_ = '\0';  ///< the last but white space
  bool is_at_line_begin_ = false;
  bool is_indented_ = false;
  std::string first_half_;  ///< digits of its escape
};

}  // namespace

std::string_view ByteStream::take_plain() {
  const char* const begin = chunk_.data() + at_;
  const char* const end = chunk_.data() + size_;
  const char* const stop =
      std::find_if(begin, end, [](char c) { return c == '"' || c == '\\' || is_control(c); });
  at_ += static_cast<std::size_t>(stop - begin);
  return {begin, stop};
}

bool ByteStream::fill() {
  if (is_over_) return false;
  taken_ += at_;
  at_ = size_ = 0;
  const auto size = bytes_->read(chunk_);
  if (!size) {
    outcome_ = std::unexpected(size.error());
  } else {
    size_ = *size;
  }
  is_over_ = size_ == 0;
  return !is_over_;
}

Document read_document(ByteStream& stream, bool in_lines) {
  return Scanner(stream, in_lines).read();
}

}  // namespace sdp::history
