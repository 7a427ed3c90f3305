#pragma once

#include <optional>
#include <string_view>

#include "lake/line.h"

namespace sdp::verify {

/// Judges a record's value by the rules of docs/formats/line.md with a parser of its own, so that a sink
/// which rejects or keeps wrongly is noticed. Nothing means: to be kept.
///
/// Of a value with the five bytes of a schema registry in front (unframed()) what is behind them is judged.
///
/// Checked in the order of lake::RejectCode: null, empty, size first, then what the bytes are.
std::optional<lake::RejectCode> judge(std::optional<std::string_view> value, std::size_t value_bytes_max);

/// True when `code` is a true reason to reject `value`. A value can have several (deep and with a reserved
/// member): which of them is named depends on how far a parser had come.
bool is_true_reason(lake::RejectCode code, std::optional<std::string_view> value,
                    std::size_t value_bytes_max);

/// A value that is JSON behind a zero byte and four bytes, the id of a schema.
struct Unframed {
  std::string_view frame;
  std::string_view json;
};
std::optional<Unframed> unframed(std::string_view value);

/// RFC 3629: shortest forms, no surrogates.
bool is_utf8(std::string_view text);

}  // namespace sdp::verify
