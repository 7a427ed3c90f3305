#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "diag/events.h"

namespace sdp::diag {
namespace {

constexpr std::string_view kBegin = "<!-- events: begin, checked by diag_test -->\n";
constexpr std::string_view kEnd = "<!-- events: end -->\n";

std::string fields_of(const EventSpec& event) {
  std::string fields;
  for (const FieldSpec& field : kFields) {
    if (has_field(event, field.name)) fields += fmt::format("{}`{}`", fields.empty() ? "" : " ", field.name);
  }
  return fields;
}

std::string tables() {
  std::string text = "| event | level | fields | meaning |\n|---|---|---|---|\n";
  for (const EventSpec& event : kEvents) {
    const std::string limit =
        event.repeat.count() > 0 ? fmt::format(" At most one line in {} s.", event.repeat.count()) : "";
    text += fmt::format("| `{}` | {} | {} | {}{} |\n", event.name, name(event.level), fields_of(event),
                        event.meaning, limit);
  }
  text += "\n| field | meaning |\n|---|---|\n";
  for (const FieldSpec& field : kFields) text += fmt::format("| `{}` | {} |\n", field.name, field.meaning);
  return text;
}

TEST(EventsPage, HasTheTablesOfTheCode) {
  const char* source = std::getenv("SDP_SOURCE_DIR");
  ASSERT_NE(source, nullptr) << "set SDP_SOURCE_DIR to the top folder, or run through ctest";
  const std::string path = std::string(source) + "/docs/formats/log-events.md";
  std::ifstream file(path);
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  const std::size_t begin = page.find(kBegin);
  const std::size_t end = page.find(kEnd);
  ASSERT_NE(begin, std::string::npos) << path;
  ASSERT_NE(end, std::string::npos) << path;
  const std::size_t first = begin + kBegin.size();
  EXPECT_TRUE(page.substr(first, end - first) == tables())
      << path << " differs from src/diag/events.h. Put this between its markers:\n"
      << tables();
}

}  // namespace
}  // namespace sdp::diag
