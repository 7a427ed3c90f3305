#include "event/scan.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <string>

#include "base/ascii.h"

namespace sdp::event {
namespace {

namespace json = simdjson::ondemand;
using simdjson::error_code;

/// The length of the digits at the front of `text`.
std::size_t digits(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789");
  return end == std::string_view::npos ? text.size() : end;
}

/// A JSON number token as integer or other; absent when it is not a number. The parser under us checks tokens
/// only when they are converted to a machine type, which integers of any length cannot be.
Found::Kind number_kind(std::string_view token) {
  if (token.starts_with('-')) token.remove_prefix(1);
  const std::size_t whole = digits(token);
  if (whole == 0 || (whole > 1 && token[0] == '0')) return Found::Kind::absent;
  token.remove_prefix(whole);
  if (token.empty()) return Found::Kind::integer;
  if (token[0] == '.') {
    const std::size_t fraction = digits(token.substr(1));
    if (fraction == 0) return Found::Kind::absent;
    token.remove_prefix(1 + fraction);
  }
  if (!token.empty() && (token[0] == 'e' || token[0] == 'E')) {
    token.remove_prefix(1);
    if (!token.empty() && (token[0] == '+' || token[0] == '-')) token.remove_prefix(1);
    const std::size_t exponent = digits(token);
    if (exponent == 0) return Found::Kind::absent;
    token.remove_prefix(exponent);
  }
  return token.empty() ? Found::Kind::other : Found::Kind::absent;
}

error_code read_scalar(json::value value, Found& found) {
  found.text = base::trimmed_back(value.raw_json_token());
  if (found.text == "null") {
    found.kind = Found::Kind::null;
  } else if (found.text == "true" || found.text == "false") {
    found.kind = Found::Kind::other;
  } else {
    found.kind = number_kind(found.text);
  }
  return found.kind == Found::Kind::absent ? simdjson::TAPE_ERROR : simdjson::SUCCESS;
}

error_code read_value(json::value value, int depth, Found& found);

error_code read_array(json::value value, int depth) {
  json::array array;
  if (const auto error = value.get_array().get(array)) return error;
  for (auto element : array) {
    json::value inner;
    Found ignored;
    if (const auto error = element.get(inner)) return error;
    if (const auto error = read_value(inner, depth + 1, ignored)) return error;
  }
  return simdjson::SUCCESS;
}

/// Walks an object and hands each member to `visit(name, value)`.
template <typename Visit>
error_code read_members(json::object object, Visit visit) {
  for (auto field : object) {
    if (const auto error = field.error()) return error;
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key)) return error;
    if (const auto error = visit(key, field.value().value_unsafe())) return error;
  }
  return simdjson::SUCCESS;
}

/// Every value is walked to its end, or broken JSON inside a skipped one would pass.
error_code read_value(json::value value, int depth, Found& found) {
  if (depth > kDepthMax) return simdjson::DEPTH_ERROR;
  json::json_type type;
  if (const auto error = value.type().get(type)) return error;
  switch (type) {
    case json::json_type::string:
      found.kind = Found::Kind::string;
      return value.get_string().get(found.text);
    case json::json_type::array:
      found.kind = Found::Kind::other;
      return read_array(value, depth);
    case json::json_type::object: {
      found.kind = Found::Kind::other;
      json::object object;
      if (const auto error = value.get_object().get(object)) return error;
      return read_members(object, [&](std::string_view, json::value inner) {
        Found ignored;
        return read_value(inner, depth + 1, ignored);
      });
    }
    default:
      return read_scalar(value, found);
  }
}

Found* slot(FoundFields& fields, std::string_view name) {
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    if (kFields[i].name == name) return fields[i].kind == Found::Kind::absent ? &fields[i] : nullptr;
  }
  return nullptr;
}

error_code read_document(json::document& document, FoundFields& fields) {
  json::object object;
  if (const auto error = document.get_object().get(object)) return error;
  const auto error = read_members(object, [&](std::string_view name, json::value value) {
    Found ignored;
    Found* found = slot(fields, name);
    return read_value(value, 1, found ? *found : ignored);
  });
  if (error) return error;
  const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  return at_end ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
}

simdjson::simdjson_result<std::string_view> read_raw(json::value value) {
  json::json_type type;
  if (const auto error = value.type().get(type)) return error;
  if (type == json::json_type::object) {
    json::object object;
    if (const auto error = value.get_object().get(object)) return error;
    return object.raw_json();
  }
  if (type == json::json_type::array) {
    json::array array;
    if (const auto error = value.get_array().get(array)) return error;
    return array.raw_json();
  }
  return value.raw_json_token();
}

error_code read_elements(json::document& document, std::size_t count, std::vector<std::string>& elements) {
  json::array array;
  if (const auto error = document.get_array().get(array)) return error;
  for (auto element : array) {
    if (elements.size() == count) return simdjson::SUCCESS;
    json::value value;
    std::string_view text;
    if (const auto error = element.get(value)) return error;
    if (const auto error = read_raw(value).get(text)) return error;
    elements.emplace_back(base::trimmed_back(text));
  }
  const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  return at_end ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
}

}  // namespace

struct Scanner::Buffers {
  json::parser parser;
  std::string text;
};

Scanner::Scanner() : buffers_(std::make_unique<Buffers>()) {}
Scanner::~Scanner() = default;

Result<FoundFields> Scanner::scan(std::string_view text) {
  auto& [parser, padded] = *buffers_;
  padded.assign(text);
  padded.append(simdjson::SIMDJSON_PADDING, ' ');
  FoundFields fields;
  json::document document;
  auto error = parser.iterate(padded.data(), text.size(), padded.size()).get(document);
  if (!error) error = read_document(document, fields);
  if (error) {
    return fail(ErrorKind::bad_input, fmt::format("not one JSON object in UTF-8 ({} bytes): {}", text.size(),
                                                  simdjson::error_message(error)));
  }
  return fields;
}

Result<std::vector<std::string>> elements_of(std::string_view text, std::size_t count) {
  std::string padded(text);
  padded.append(simdjson::SIMDJSON_PADDING, ' ');
  json::parser parser;
  json::document document;
  std::vector<std::string> elements;
  auto error = parser.iterate(padded.data(), text.size(), padded.size()).get(document);
  if (!error) error = read_elements(document, count, elements);
  if (!error) return elements;
  return fail(ErrorKind::bad_input, fmt::format("not one JSON array in UTF-8 ({} bytes): {}", text.size(),
                                                simdjson::error_message(error)));
}

}  // namespace sdp::event
