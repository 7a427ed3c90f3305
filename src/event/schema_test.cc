#include "event/schema.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include "event/fields.h"

namespace sdp::event {
namespace {

TEST(Schema, IsJsonAndNamesEveryField) {
  simdjson::dom::parser parser;
  simdjson::dom::object schema;
  ASSERT_EQ(parser.parse(json_schema()).get(schema), simdjson::SUCCESS);
  std::size_t required = 0;
  for (const Field& field : kFields) {
    EXPECT_EQ(schema["properties"][field.name]["description"].get_string().value(), field.description);
    required += field.required;
  }
  EXPECT_EQ(schema["properties"].get_object().value().size(), kFields.size());
  EXPECT_EQ(schema["required"].get_array().value().size(), required);
  EXPECT_EQ(schema["properties"]["event_type"]["enum"].get_array().value().size(), kEventTypes.size());
}

}  // namespace
}  // namespace sdp::event
