#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "log/event_log.h"

namespace sdp::cli {

/// Appends a record's value as a line: as it is where it is text of one line, and otherwise as
/// `{"_raw":"base64"}`, or `{"_raw":null}` for a tombstone.
void append_value_line(std::string& out, std::optional<std::string_view> value);

/// A producer that writes the values of records as lines, to a file or, as `-`, to standard output, in place
/// of a log. A file is replaced. A record counts as acked once the system has its line. `clock` outlives it.
Result<std::unique_ptr<log::Producer>> open_line_producer(const std::string& place, Clock& clock);

}  // namespace sdp::cli
