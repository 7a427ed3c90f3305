// Events: a valid one is the same when it is written and read again, and two readers of JSON, which share no
// code, agree on what is an object.

#include <string>

#include "base/check.h"
#include "event/decode.h"
#include "event/encode.h"
#include "fuzz/pieces.h"
#include "lake/json_judge.h"

namespace {

std::string_view without_space(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// What a second reader says; nothing where its limit of depth is the lower one.
std::optional<bool> is_object(std::string_view text) {
  using sdp::lake::RejectCode;
  const std::string_view value = without_space(text);
  if (value.empty()) return false;
  const auto code = sdp::lake::judge_json(value);
  if (code == RejectCode::too_deep) return std::nullopt;
  return code != RejectCode::not_utf8 && code != RejectCode::not_json && code != RejectCode::not_object;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static sdp::event::Decoder decoder;
  const std::string_view input = sdp::fuzz::text_of(data, size);
  const auto verdict = decoder.decode(input);
  const auto expected = is_object(input);
  if (expected) SDP_ASSERT(verdict.has_value() == *expected);
  if (!verdict) {
    SDP_ASSERT(verdict.error().kind == sdp::ErrorKind::bad_input);
    return 0;
  }
  if (!*verdict) return 0;
  const sdp::event::ListeningEvent event = **verdict;
  std::string text;
  append_json(text, event);
  const auto again = decoder.decode(text);
  SDP_ASSERT(again.has_value() && again->has_value() && **again == event);
  return 0;
}
