#include "event/schema.h"

#include <fmt/format.h>

#include <span>

#include "base/encoding.h"
#include "event/fields.h"

namespace sdp::event {
namespace {

std::string word_list(std::span<const std::string_view> words) {
  std::string list;
  for (const auto word : words) list += (list.empty() ? "" : ", ") + base::json_string(word);
  return list;
}

/// The rule of a field as members of its subschema.
std::string rule(const Field& field) {
  switch (field.type) {
    case FieldType::uuid:
      return R"("pattern": "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")";
    case FieldType::choice:
      return fmt::format(R"("enum": [{}])", word_list(field.choices));
    case FieldType::text:
      return field.required ? R"("minLength": 1)" : "";
    case FieldType::country:
      return R"("pattern": "^[A-Z]{2}$")";
    case FieldType::time:
      // The years are those that an offset can bring into 2000-2099.
      return R"("format": "date-time", "pattern": "^(1999-12-31|20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))"
             R"(|2100-01-01)[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?)"
             R"(([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$")";
    case FieldType::integer:
      return fmt::format(R"("minimum": 0, "maximum": {})", kIntegerMax);
  }
  return "";
}

/// A `null` optional field counts as absent, so it is allowed.
std::string json_type(const Field& field) {
  const std::string_view type = field.type == FieldType::integer ? "integer" : "string";
  return field.required ? fmt::format(R"("{}")", type) : fmt::format(R"(["{}", "null"])", type);
}

std::string subschema(const Field& field) {
  const std::string rules = rule(field);
  return fmt::format(R"(    "{}": {{"description": {}, "x-type": "{}", "type": {}{}{}, "examples": [{}]}})",
                     field.name, base::json_string(field.description), name(field.type), json_type(field),
                     rules.empty() ? "" : ", ", rules, example_json(field));
}

std::string required_names() {
  std::string list;
  for (const Field& field : kFields) {
    if (field.required) list += (list.empty() ? "" : ", ") + base::json_string(field.name);
  }
  return list;
}

}  // namespace

std::string_view name(FieldType type) {
  switch (type) {
    case FieldType::uuid:
      return "uuid";
    case FieldType::choice:
      return "choice";
    case FieldType::text:
      return "text";
    case FieldType::country:
      return "country";
    case FieldType::time:
      return "time";
    case FieldType::integer:
      return "integer";
  }
  return "";
}

std::string example_json(const Field& field) {
  return field.type == FieldType::integer ? std::string(field.example) : base::json_string(field.example);
}

std::string json_schema() {
  std::string properties;
  for (const Field& field : kFields) properties += (properties.empty() ? "" : ",\n") + subschema(field);
  return fmt::format(R"({{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Listening event, version 1",
  "type": "object",
  "required": [{}],
  "properties": {{
{}
  }}
}}
)",
                     required_names(), properties);
}

}  // namespace sdp::event
