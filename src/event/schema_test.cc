#include "event/schema.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "event/fields.h"

namespace sdp::event {
namespace {

TEST(Schema, CommittedCopyIsWhatTheTableGives) {
  const char* source = std::getenv("SDP_SOURCE_DIR");
  ASSERT_NE(source, nullptr) << "set SDP_SOURCE_DIR to the top folder, or run through ctest";
  const std::string path = std::string(source) + "/docs/formats/listening-event.schema.json";
  std::ifstream file(path);
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(committed, json_schema()) << path << " is not what the table gives: put this in it\n"
                                      << json_schema();
}

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
