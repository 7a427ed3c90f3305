#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "diag/events.h"
#include "support/committed_page.h"

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
  support::expect_in_page("docs/formats/log-events.md", kBegin, kEnd, tables());
}

}  // namespace
}  // namespace sdp::diag
