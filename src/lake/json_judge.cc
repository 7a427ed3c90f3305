#include "lake/json_judge.h"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <simdjson.h>

#include <algorithm>
#include <string>

namespace sdp::lake {
namespace {

/// Takes in RapidJSON's events; returning false stops the parser.
struct Handler {
  int depth = 0;
  bool too_deep = false;
  bool bad_string = false;
  bool has_nul = false;
  bool has_reserved = false;
  bool root_is_object = false;

  bool open(bool is_object) {
    if (depth == 0) root_is_object = is_object;
    too_deep = ++depth > kJsonDepthMax;
    return !too_deep;
  }
  bool close() {
    --depth;
    return true;
  }
  bool text(const char* bytes, rapidjson::SizeType size) {
    // Escapes of lone surrogates come out as bytes that are not UTF-8.
    bad_string = !simdjson::validate_utf8(bytes, size);
    if (std::string_view(bytes, size).contains('\0')) has_nul = true;
    return !bad_string;
  }

  // NOLINTBEGIN(readability-identifier-naming): RapidJSON calls these names.
  bool Null() { return true; }
  bool Bool(bool) { return true; }
  bool Int(int) { return true; }
  bool Uint(unsigned) { return true; }
  bool Int64(std::int64_t) { return true; }
  bool Uint64(std::uint64_t) { return true; }
  bool Double(double) { return true; }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return true; }
  bool String(const char* bytes, rapidjson::SizeType size, bool) { return text(bytes, size); }
  bool Key(const char* bytes, rapidjson::SizeType size, bool) {
    if (depth == 1 && is_reserved({bytes, size})) has_reserved = true;
    return text(bytes, size);
  }
  bool StartObject() { return open(true); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool StartArray() { return open(false); }
  bool EndArray(rapidjson::SizeType) { return close(); }
  // NOLINTEND(readability-identifier-naming)
};

using rapidjson::ParseResult;

ParseResult parse(std::string_view value, Handler& handler) {
  rapidjson::MemoryStream stream(value.data(), value.size());
  rapidjson::Reader reader;
  return reader.Parse < rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag |
         rapidjson::kParseValidateEncodingFlag > (stream, handler);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// True when digits at `at` are those of an exponent.
bool follows_exponent(std::string_view value, std::size_t at) {
  if (at > 0 && (value[at - 1] == '+' || value[at - 1] == '-')) --at;
  return at > 0 && (value[at - 1] == 'e' || value[at - 1] == 'E');
}

/// The same text with every number short and every exponent zero: the same grammar, but within the doubles
/// that RapidJSON insists on.
std::string with_small_numbers(std::string_view value) {
  constexpr std::size_t kDigits = 15;
  std::string text;
  text.reserve(value.size());
  bool in_string = false;
  for (std::size_t at = 0; at < value.size();) {
    const std::size_t from = at++;
    if (in_string && value[from] == '\\') ++at;
    if (value[from] == '"') in_string = !in_string;
    if (in_string || !is_digit(value[from])) {
      text.append(value.substr(from, at - from));
      continue;
    }
    while (at < value.size() && is_digit(value[at])) ++at;
    text.append(follows_exponent(value, from) ? "0" : value.substr(from, std::min(at - from, kDigits)));
  }
  return text;
}

}  // namespace

bool is_text(std::string_view bytes) {
  return !bytes.contains('\0') && simdjson::validate_utf8(bytes.data(), bytes.size());
}

bool is_reserved(std::string_view member) {
  return member == "_error" || member == "_raw" || member.starts_with("_kafka_");
}

std::optional<RejectCode> judge_json(std::string_view value) {
  if (!simdjson::validate_utf8(value.data(), value.size())) return RejectCode::not_utf8;
  // RapidJSON takes a zero byte for the end of its input.
  if (value.contains('\0')) return RejectCode::not_json;
  Handler handler;
  ParseResult result = parse(value, handler);
  if (result.Code() == rapidjson::kParseErrorNumberTooBig) {
    handler = Handler();
    result = parse(with_small_numbers(value), handler);
  }
  if (handler.too_deep) return RejectCode::too_deep;
  if (result.IsError()) return RejectCode::not_json;
  if (!handler.root_is_object) return RejectCode::not_object;
  if (handler.has_reserved) return RejectCode::reserved_member;
  if (handler.has_nul) return RejectCode::nul_character;
  return std::nullopt;
}

}  // namespace sdp::lake
