#pragma once

#include <optional>
#include <string_view>

#include "lake/line.h"

namespace sdp::verify {

/// Judges a record's value by the rules of docs/formats/line.md with a parser of its own, so that a sink
/// which rejects or keeps wrongly is noticed. Nothing means: to be kept.
///
/// Checked in the order of lake::RejectCode: null, empty, size first, then what the bytes are.
std::optional<lake::RejectCode> judge(std::optional<std::string_view> value, std::size_t value_bytes_max);

/// True when `code` is a true reason to reject `value`. A value can have several (deep and with a reserved
/// member): which of them is named depends on how far a parser had come.
bool is_true_reason(lake::RejectCode code, std::optional<std::string_view> value,
                    std::size_t value_bytes_max);

/// RFC 3629: shortest forms, no surrogates.
bool is_utf8(std::string_view text);

}  // namespace sdp::verify
