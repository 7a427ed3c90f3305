#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/encoding.h"
#include "lake/json_judge.h"
#include "lake/line.h"

namespace sdp::lake {
namespace {

/// Reads the front of a line, piece by piece. Any `take` that returns false leaves the line to be called
/// damaged.
class Cursor {
 public:
  explicit Cursor(std::string_view rest) : rest_(rest) {}

  std::string_view rest() const { return rest_; }

  bool take(std::string_view piece) {
    if (!rest_.starts_with(piece)) return false;
    rest_.remove_prefix(piece.size());
    return true;
  }

  /// A number without leading zeros.
  template <typename Number>
  bool take_number(Number& number) {
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    if (error != std::errc()) return false;
    const std::string_view text(rest_.data(), static_cast<std::size_t>(end - rest_.data()));
    if (text.starts_with("-0") || (text.size() > 1 && text.front() == '0')) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  /// A JSON string with only the escapes that base::append_json_string writes.
  bool take_string(std::string& text) {
    text.clear();
    if (!take("\"")) return false;
    for (;;) {
      const auto special = std::ranges::find_if(
          rest_, [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; });
      text.append(rest_.begin(), special);
      rest_.remove_prefix(static_cast<std::size_t>(special - rest_.begin()));
      if (take("\"")) return true;
      if (!take_escape(text)) return false;
    }
  }

  /// A string without escapes, as a view.
  bool take_plain(std::string_view& text) {
    if (!take("\"")) return false;
    const auto end = rest_.find_first_of("\"\\");
    if (end == std::string_view::npos || rest_[end] != '"') return false;
    text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return true;
  }

 private:
  bool take_escape(std::string& text) {
    if (rest_.size() < 2 || rest_[0] != '\\') return false;
    const char kind = rest_[1];
    rest_.remove_prefix(2);
    switch (kind) {
      case '"':
        text.push_back('"');
        return true;
      case '\\':
        text.push_back('\\');
        return true;
      case 'n':
        text.push_back('\n');
        return true;
      case 'r':
        text.push_back('\r');
        return true;
      case 't':
        text.push_back('\t');
        return true;
      case 'u':
        return take_control(text);
      default:
        return false;
    }
  }

  bool take_control(std::string& text) {
    if (rest_.size() < 4 || !rest_.starts_with("00")) return false;
    const auto byte = base::from_hex(rest_.substr(2, 2));
    if (!byte || static_cast<unsigned char>(byte->front()) >= 0x20) return false;
    if (byte->find_first_of(std::string_view("\0\n\r\t", 4)) == 0 || base::hex(*byte) != rest_.substr(2, 2))
      return false;
    text.push_back(byte->front());
    rest_.remove_prefix(4);
    return true;
  }

  std::string_view rest_;
};

bool take_key(Cursor& cursor, std::string& buffer, Line& line) {
  if (cursor.take(R"(,"_kafka_key":null)")) return true;
  if (cursor.take(R"(,"_kafka_key":)")) {
    if (!cursor.take_string(buffer)) return false;
  } else {
    if (!cursor.take(R"(,"_kafka_key_base64":)") || !cursor.take_plain(line.key_base64)) return false;
    auto bytes = base::from_base64(line.key_base64);
    if (!bytes || is_text(*bytes)) return false;
    buffer = *std::move(bytes);
  }
  line.key = buffer;
  return true;
}

bool take_base64(Cursor& cursor, std::string& bytes) {
  std::string_view text;
  if (!cursor.take_plain(text)) return false;
  auto decoded = base::from_base64(text);
  if (!decoded) return false;
  bytes = *std::move(decoded);
  return true;
}

bool take_header(Cursor& cursor, LineHeader& header) {
  if (!cursor.take("[") || !cursor.take_string(header.name) || !cursor.take(",")) return false;
  if (!cursor.take("null")) {
    header.value.emplace();
    if (!take_base64(cursor, *header.value)) return false;
  }
  if (!cursor.take(",")) return cursor.take("]");
  // A third element is the name in base64, where it is not text.
  return header.name.empty() && take_base64(cursor, header.name) && !is_text(header.name) && cursor.take("]");
}

bool take_headers(Cursor& cursor, Line& line) {
  if (!cursor.take(R"(,"_kafka_headers":)")) return true;
  const std::string_view from = cursor.rest();
  if (!cursor.take("[")) return false;
  do {
    if (!take_header(cursor, line.headers.emplace_back())) return false;
  } while (cursor.take(","));
  if (!cursor.take("]")) return false;
  line.headers_json = from.substr(0, from.size() - cursor.rest().size());
  return true;
}

bool take_schema_id(Cursor& cursor, Line& line) {
  return !cursor.take(R"(,"_kafka_schema_id":)") || cursor.take_number(line.schema_id.emplace());
}

bool take_rejected(Cursor& cursor, Line& line) {
  std::string_view code;
  if (!cursor.take_plain(code)) return false;
  line.reject = parse_reject_code(code);
  if (!line.reject || line.reject == RejectCode::line_too_large || !cursor.take(R"(,"_raw":)")) return false;
  if (!cursor.take("null")) {
    std::string_view raw;
    if (!cursor.take_plain(raw) || !base::from_base64(raw)) return false;
    line.payload = raw;
  }
  const bool has_no_bytes = line.reject == RejectCode::tombstone || is_of_batch(*line.reject);
  return has_no_bytes == !line.payload && cursor.rest() == "}";
}

/// Where a batch ends that the line stands for.
bool take_end(Cursor& cursor, Line& line) {
  // The end behind an offset is an offset too.
  if (line.offset == std::numeric_limits<log::Offset>::max()) return false;
  line.end = line.offset + 1;
  if (!cursor.take(R"(,"_kafka_last_offset":)")) return true;
  log::Offset last = 0;
  if (!cursor.take_number(last) || last < line.offset || last == std::numeric_limits<log::Offset>::max())
    return false;
  line.end = last + 1;
  return !line.key && line.headers.empty() && line.timestamp == log::kTimeOfUnreadable &&
         cursor.rest().starts_with(R"(,"_error":"batch_)");
}

/// The record's members with the object's closing brace, and the comma before them.
bool take_members(Cursor& cursor) {
  if (cursor.rest() == "}") return true;
  if (!cursor.take(",") || !cursor.rest().ends_with('}')) return false;
  const auto name = cursor.rest().find_first_not_of(" \t");
  return cursor.rest()[name] == '"';
}

/// What holds for every line, whatever it says.
bool is_one_line(std::string_view text) {
  return !text.contains('\n') && !text.contains('\r') && simdjson::validate_utf8(text.data(), text.size());
}

Error damaged(std::string_view line, const Cursor& cursor) {
  return {ErrorKind::bad_input,
          fmt::format("line is damaged at byte {} of {}", line.size() - cursor.rest().size(), line.size())};
}

}  // namespace

Result<Line> LineDecoder::decode(std::string_view text) {
  Cursor cursor(text);
  Line line;
  std::int64_t millis = 0;
  if (!is_one_line(text)) return fail(ErrorKind::bad_input, "line is damaged: it is not one line of UTF-8");
  if (!cursor.take(R"({"_kafka_partition":)") || !cursor.take_number(line.partition) ||
      !cursor.take(R"(,"_kafka_offset":)") || !cursor.take_number(line.offset) ||
      !cursor.take(R"(,"_kafka_timestamp":)") || !cursor.take_number(millis) ||
      !take_key(cursor, key_, line) || !take_headers(cursor, line) || !take_schema_id(cursor, line) ||
      line.partition < 0 || line.offset < 0) {
    return std::unexpected(damaged(text, cursor));
  }
  line.timestamp = UtcMillis(std::chrono::milliseconds(millis));
  const std::string_view behind_record = cursor.rest();
  if (!take_end(cursor, line)) return std::unexpected(damaged(text, cursor));
  const bool has_end = cursor.rest() != behind_record;
  if (cursor.take(R"(,"_error":)")) {
    if (line.schema_id || !take_rejected(cursor, line) || has_end != is_of_batch(*line.reject))
      return std::unexpected(damaged(text, cursor));
    return line;
  }
  if (!take_members(cursor)) return std::unexpected(damaged(text, cursor));
  payload_.assign(1, '{');
  payload_.append(cursor.rest());
  line.payload = payload_;
  return line;
}

}  // namespace sdp::lake
