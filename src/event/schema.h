#pragma once

#include <string>
#include <string_view>

#include "event/fields.h"

namespace sdp::event {

/// `uuid`, `choice`, ...; `x-type` in the schema.
std::string_view name(FieldType type);
/// The field's example as JSON.
std::string example_json(const Field& field);

/// The JSON Schema (2020-12) of a listening event, derived from the table;
/// docs/formats/listening-event.schema.json is its committed copy. Looser than silver in one point: JSON
/// Schema takes 1.0 for an integer.
std::string json_schema();

}  // namespace sdp::event
