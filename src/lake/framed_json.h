#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sdp::lake {

/// A record's value as serializers write it that ask a schema registry: a zero byte, the schema's id in four
/// bytes, big-endian, and one JSON object (the wire format of Confluent's serializers for JSON Schema).
struct FramedJson {
  std::uint32_t schema_id = 0;
  std::string_view json;  ///< without white space around it; begins with `{`
};

/// Nothing when `value` is not framed, or holds something else, such as Avro.
std::optional<FramedJson> framed_json(std::string_view value);

}  // namespace sdp::lake
