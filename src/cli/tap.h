#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lake/line.h"
#include "log/record.h"

namespace sdp::cli {

// How records are shown as they are: a line each, which acts on no terminal. Pure.

/// Whether a record has `text` in its key or its value; each has the empty text.
bool has_text(std::string_view text, const std::optional<std::string_view>& key,
              const std::optional<std::string_view>& value);

/// `topic/3/42 2026-02-15T17:52:36.123Z key value`; `-` for a record without key, `null` for one without
/// value.
std::string record_text(std::string_view topic, const log::RecordView& record);
/// One object. Bytes that are not UTF-8 come in base64, as members of their own.
std::string record_json(std::string_view topic, const log::RecordView& record);

/// The same of a batch that nobody can read.
std::string batch_text(std::string_view topic, const log::UnreadableBatch& batch);
std::string batch_json(std::string_view topic, const log::UnreadableBatch& batch);

/// A line of an object; as JSON with the object's key, and the line as it is where it is JSON.
std::string line_text(std::string_view line);
std::string line_json(std::string_view object_key, std::string_view line);

}  // namespace sdp::cli
