#pragma once

#include <string>

namespace sdp::event {

/// The JSON Schema (2020-12) of a listening event, derived from the table;
/// docs/formats/listening-event.schema.json is its committed copy. Looser than silver in one point: JSON
/// Schema takes 1.0 for an integer.
std::string json_schema();

}  // namespace sdp::event
