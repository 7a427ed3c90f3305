#include "event/derived_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "event/fields.h"
#include "event/schema.h"

namespace sdp::event {
namespace {

constexpr std::string_view kOrigin = "src/event/fields.h; a test of that folder writes it";

std::string example_event() {
  std::string json;
  for (const Field& field : kFields) {
    json += fmt::format("{}\"{}\":{}", json.empty() ? "{" : ",", field.name, example_json(field));
  }
  return json + "}";
}

/// The list that the models loop over.
std::string dbt_fields() {
  std::string rows;
  for (const Field& field : kFields) {
    rows += fmt::format("        {{'name': '{}', 'type': '{}', 'required': {}", field.name, name(field.type),
                        field.required);
    if (!field.choices.empty()) rows += fmt::format(", 'choices': ['{}']", fmt::join(field.choices, "', '"));
    rows += fmt::format(", 'rule': {}}},\n", field.rule);
  }
  return fmt::format(R"({{# Made from {}. #}}

{{# The fields of a listening event in the order in which they are checked: docs/formats/event.md. #}}
{{% macro event_fields() %}}
    {{{{ return([
{}    ]) }}}}
{{% endmacro %}}

{{# A valid event, as SQL text; tests replace pieces of it. #}}
{{% macro example_event() -%}}
    '{}'
{{%- endmacro %}}
)",
                     kOrigin, rows, example_event());
}

std::string_view dbt_type(const Field& field) {
  switch (field.type) {
    case FieldType::time:
      return "timestamp";
    case FieldType::integer:
      return "bigint";
    default:
      return "varchar";
  }
}

std::string yaml_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

/// What a reader of the column must know beside what it is.
std::string column_description(const Field& field, std::string_view when_null) {
  std::string text(field.description);
  if (field.type == FieldType::uuid) text += " Lower case.";
  if (field.type == FieldType::time) text += " UTC, without zone.";
  if (!when_null.empty()) text += fmt::format(" Null when {}.", when_null);
  return yaml_quoted(text);
}

struct Coordinate {
  std::string_view name;
  std::string_view type;
  std::string_view description;
};

constexpr Coordinate kCoordinates[] = {
    {"topic_id", "varchar", "Id of the topic; a recreated topic has a new one."},
    {"kafka_partition", "integer", "Partition of the record."},
    {"kafka_offset", "bigint", "Offset of the record in its partition."},
    {"kafka_timestamp", "timestamp", "Broker's time of the record, UTC."},
    {"object_key", "varchar", "Lake object that brought the row."}};

std::string columns(bool typed, std::string_view null_of_required, std::string_view null_of_optional) {
  std::string text;
  const auto column = [&](std::string_view column_name, std::string_view type,
                          const std::string& description) {
    text += fmt::format("      - name: {}\n        description: {}\n", column_name, description);
    if (typed) text += fmt::format("        data_type: {}\n", type);
  };
  for (const Field& field : kFields) {
    column(field.name, dbt_type(field),
           column_description(field, field.required ? null_of_required : null_of_optional));
  }
  for (const Coordinate& coordinate : kCoordinates) {
    column(coordinate.name, coordinate.type, yaml_quoted(coordinate.description));
  }
  return text;
}

/// Names of the required fields that may hold any value of their type.
std::string filled() {
  std::vector<std::string_view> names;
  for (const Field& field : kFields) {
    if (field.required && field.choices.empty()) names.push_back(field.name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string choices() {
  std::string text;
  for (const Field& field : kFields) {
    if (!field.choices.empty()) {
      text += fmt::format("              {}: [{}]\n", field.name, fmt::join(field.choices, ", "));
    }
  }
  return text;
}

/// Properties of the two tables whose columns are the fields.
std::string dbt_models() {
  return fmt::format(
      R"(# Made from {origin}.
version: 2

models:
  - name: int_events_judged
    description: Every payload of bronze, parsed once, with its typed columns or the first rule it breaks (docs/formats/event.md).
    columns:
{judged}      - name: reason
        description: Why it is not an event; null for a valid one.
      - name: field
        description: The first field that breaks a rule; null for a valid event.
      - name: rejected_payload
        description: The payload of a row with a reason.
      - name: faults
        description: All reasons with their fields, `reason field,reason field,`; null for a valid event.

  - name: spotify_silver
    description: One row an event_id, typed.
    config:
      contract: {{enforced: true}}
    data_tests:
      - columns_valid:
          name: spotify_silver_columns_are_valid
          arguments:
            scope: int_batch_objects
            key: object_key
            filled: [{filled}]
            choices:
{choices}      - unique_together:
          name: spotify_silver_event_ids_are_unique
          arguments: {{columns: [event_id], scope: int_touched_events, key: event_id}}
    columns:
{silver})",
      fmt::arg("origin", kOrigin),
      fmt::arg("judged", columns(false, "absent or against a rule", "absent or against a rule")),
      fmt::arg("filled", filled()), fmt::arg("choices", choices()),
      fmt::arg("silver", columns(true, "", "absent")));
}

/// A field's rule for people.
std::string page_rule(const Field& field) {
  switch (field.type) {
    case FieldType::uuid:
      return "8-4-4-4-12 hex digits, either case; silver lower-cases";
    case FieldType::choice:
      return fmt::format("`{}`", fmt::join(field.choices, "` `"));
    case FieldType::text:
      return field.required ? "not empty" : "";
    case FieldType::country:
      return "two letters A-Z";
    case FieldType::time:
      return fmt::format(
          "RFC 3339: `YYYY-MM-DDTHH:MM:SS[.1-9 digits](Z or +HH:MM or -HH:MM)`, `t` and `z` in either case, "
          "a real "
          "date, hours 0-23, no second 60, offsets up to 23:59; in UTC a time of {}-{}, which silver shows",
          kYearMin, kYearMax);
    case FieldType::integer:
      return fmt::format("0 to {}", kIntegerMax);
  }
  return "";
}

std::string page() {
  std::string text = "| # | field | type | required | what it is | rule |\n|---|---|---|---|---|---|\n";
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    const Field& field = kFields[i];
    text += fmt::format("| {} | `{}` | {} | {} | {} | {} |\n", i + 1, field.name, name(field.type),
                        field.required ? "yes" : "no", field.description, page_rule(field));
  }
  return text;
}

}  // namespace

std::vector<DerivedFile> derived_files() {
  return {{"docs/formats/listening-event.schema.json", "", "", json_schema()},
          {"docs/formats/event.md", "<!-- fields: begin -->\n", "<!-- fields: end -->\n", page()},
          {"spotify_dbt/macros/event_fields.sql", "", "", dbt_fields()},
          {"spotify_dbt/models/silver/events.yml", "", "", dbt_models()}};
}

}  // namespace sdp::event
