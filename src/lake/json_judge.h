#pragma once

#include <optional>
#include <string_view>

#include "lake/line.h"

namespace sdp::lake {

/// Decides exactly whether `value` (no surrounding white space, not empty) is kept: one JSON object of valid
/// UTF-8, nested at most kJsonDepthMax deep, without reserved top-level members and without U+0000 in its
/// strings. Numbers of any size are JSON. Slower than the encoder's usual path, which calls this only when in
/// doubt.
std::optional<RejectCode> judge_json(std::string_view value);

/// Valid UTF-8 without U+0000: what a line can hold as a JSON string.
bool is_text(std::string_view bytes);

/// A top-level name that lines keep for themselves: `_error`, `_raw`, `_kafka_*`.
bool is_reserved(std::string_view member);

}  // namespace sdp::lake
